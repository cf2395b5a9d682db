// libsrtp 3's calling convention (opaque policy, separate input and output buffers) for the media
// worker, on the system's libsrtp 2. The worker includes this file as <srtp.h>; the macros at the end
// give its calls our names, so that they cannot collide with libsrtp 2's own symbols.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <srtp2/srtp.h>

#ifdef __cplusplus
extern "C"
{
#endif

// Two codes that libsrtp 3 added; libsrtp 2.5 ends at 27.
#define srtp_err_status_buffer_small ((srtp_err_status_t)28)
#define srtp_err_status_cryptex_err ((srtp_err_status_t)29)

typedef struct compat_policy* compat_policy_t;

srtp_err_status_t compat_policy_create(compat_policy_t* policy);
void compat_policy_destroy(compat_policy_t policy);
srtp_err_status_t compat_policy_set_ssrc(compat_policy_t policy, srtp_ssrc_t ssrc);
srtp_err_status_t compat_policy_set_profile(compat_policy_t policy, srtp_profile_t profile);
srtp_err_status_t compat_policy_add_key(
  compat_policy_t policy,
  const uint8_t* key,
  size_t key_len,
  const uint8_t* salt,
  size_t salt_len,
  const uint8_t* mki,
  size_t mki_len);
srtp_err_status_t compat_policy_set_window_size(compat_policy_t policy, size_t window_size);
srtp_err_status_t compat_policy_set_allow_repeat_tx(compat_policy_t policy, bool allow);
srtp_err_status_t compat_create(srtp_t* session, compat_policy_t policy);
srtp_err_status_t compat_protect(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len, size_t mki_index);
srtp_err_status_t compat_unprotect(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len);
srtp_err_status_t compat_protect_rtcp(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len, size_t mki_index);
srtp_err_status_t compat_unprotect_rtcp(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len);

#ifdef __cplusplus
}
#endif

#ifndef SRTP3_COMPAT_IMPLEMENTATION
#define srtp_policy_t compat_policy_t
#define srtp_policy_create compat_policy_create
#define srtp_policy_destroy compat_policy_destroy
#define srtp_policy_set_ssrc compat_policy_set_ssrc
#define srtp_policy_set_profile compat_policy_set_profile
#define srtp_policy_add_key compat_policy_add_key
#define srtp_policy_set_window_size compat_policy_set_window_size
#define srtp_policy_set_allow_repeat_tx compat_policy_set_allow_repeat_tx
#define srtp_stream_remove srtp_remove_stream
#define srtp_create compat_create
#define srtp_protect compat_protect
#define srtp_unprotect compat_unprotect
#define srtp_protect_rtcp compat_protect_rtcp
#define srtp_unprotect_rtcp compat_unprotect_rtcp
#endif
