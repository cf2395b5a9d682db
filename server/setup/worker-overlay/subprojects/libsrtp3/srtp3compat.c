// libsrtp 3's calls written with libsrtp 2 (see include/srtp.h). libsrtp 2 works in place, so each call
// first copies the packet into the caller's output buffer, after checking that the result will fit.
#define _DEFAULT_SOURCE
#define SRTP3_COMPAT_IMPLEMENTATION
#include "include/srtp.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

// An SRTCP packet grows by its trailer plus the 32-bit E flag and index (RFC 3711, section 3.4).
#define SRTCP_INDEX_LEN 4

struct compat_policy
{
	srtp_policy_t policy;
	uint8_t key[SRTP_MAX_KEY_LEN];
};

typedef srtp_err_status_t (*in_place_call)(srtp_t session, void* packet, int* packet_len);

srtp_err_status_t compat_policy_create(compat_policy_t* policy)
{
	*policy = calloc(1, sizeof(**policy));

	return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
}

void compat_policy_destroy(compat_policy_t policy)
{
	if (!policy)
		return;

	explicit_bzero(policy, sizeof(*policy));
	free(policy);
}

srtp_err_status_t compat_policy_set_ssrc(compat_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->policy.ssrc = ssrc;

	return srtp_err_status_ok;
}

srtp_err_status_t compat_policy_set_profile(compat_policy_t policy, srtp_profile_t profile)
{
	srtp_err_status_t status = srtp_crypto_policy_set_from_profile_for_rtp(&policy->policy.rtp, profile);

	if (status != srtp_err_status_ok)
		return status;

	return srtp_crypto_policy_set_from_profile_for_rtcp(&policy->policy.rtcp, profile);
}

srtp_err_status_t compat_policy_add_key(
  compat_policy_t policy,
  const uint8_t* key,
  size_t key_len,
  const uint8_t* salt,
  size_t salt_len,
  const uint8_t* mki,
  size_t mki_len)
{
	(void)mki;

	if (mki_len > 0 || key_len > sizeof(policy->key) || salt_len > sizeof(policy->key) - key_len)
		return srtp_err_status_bad_param;

	memcpy(policy->key, key, key_len);
	memcpy(policy->key + key_len, salt, salt_len);
	policy->policy.key = policy->key;

	return srtp_err_status_ok;
}

srtp_err_status_t compat_policy_set_window_size(compat_policy_t policy, size_t window_size)
{
	policy->policy.window_size = window_size;

	return srtp_err_status_ok;
}

srtp_err_status_t compat_policy_set_allow_repeat_tx(compat_policy_t policy, bool allow)
{
	policy->policy.allow_repeat_tx = allow;

	return srtp_err_status_ok;
}

srtp_err_status_t compat_create(srtp_t* session, compat_policy_t policy)
{
	return srtp_create(session, &policy->policy);
}

static srtp_err_status_t run(
  in_place_call call,
  srtp_t session,
  const uint8_t* in,
  size_t in_len,
  uint8_t* out,
  size_t* out_len,
  size_t growth_max)
{
	if (in_len > INT_MAX - growth_max || *out_len < in_len + growth_max)
		return srtp_err_status_buffer_small;

	if (in != out)
		memmove(out, in, in_len);

	int len                  = (int)in_len;
	srtp_err_status_t status = call(session, out, &len);

	if (status == srtp_err_status_ok)
		*out_len = (size_t)len;

	return status;
}

srtp_err_status_t compat_protect(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len, size_t mki_index)
{
	(void)mki_index;

	return run(srtp_protect, session, in, in_len, out, out_len, SRTP_MAX_TRAILER_LEN);
}

srtp_err_status_t compat_unprotect(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len)
{
	return run(srtp_unprotect, session, in, in_len, out, out_len, 0);
}

srtp_err_status_t compat_protect_rtcp(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len, size_t mki_index)
{
	(void)mki_index;

	return run(
	  srtp_protect_rtcp, session, in, in_len, out, out_len, SRTP_MAX_TRAILER_LEN + SRTCP_INDEX_LEN);
}

srtp_err_status_t compat_unprotect_rtcp(
  srtp_t session, const uint8_t* in, size_t in_len, uint8_t* out, size_t* out_len)
{
	return run(srtp_unprotect_rtcp, session, in, in_len, out, out_len, 0);
}
