/*
 * The questions ONVIF devices are asked, as data: the body of each SOAP 1.2 request, and the envelope around it with or
 * without a WS-Security UsernameToken (password digest). Pure; tested as tables. Used by the conversation with a device.
 */
import { createHash } from 'node:crypto';
import type { Credentials } from '../rtsp-url.ts';

export type SoapRequest = {
  /** For people and for the action. */
  readonly name: string;
  readonly namespace: string;
  /** XML of the one element in the body. */
  readonly body: string;
};
/** Which media service a profile belongs to: ver20 (Media2) has other words for the same things. */
export type MediaVersion = 'ver10' | 'ver20';

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const SCHEMA = 'http://www.onvif.org/ver10/schema';
const SECURITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
/** The namespaces by which GetServices tells the two media services apart. */
export const MEDIA_NAMESPACES: Readonly<Record<MediaVersion, string>> = {
  ver10: 'http://www.onvif.org/ver10/media/wsdl',
  ver20: 'http://www.onvif.org/ver20/media/wsdl',
};

const request = (namespace: string, name: string, inner = ''): SoapRequest => ({
  name,
  namespace,
  body: `<q:${name} xmlns:q="${namespace}" xmlns:tt="${SCHEMA}">${inner}</q:${name}>`,
});
const ofProfile = (version: MediaVersion, name: string, token: string, before = ''): SoapRequest =>
  request(MEDIA_NAMESPACES[version], name, `${before}<q:ProfileToken>${escapeXml(token)}</q:ProfileToken>`);

/** The one request every device answers to strangers. */
export const askTime = (): SoapRequest => request(DEVICE, 'GetSystemDateAndTime');
export const askServices = (): SoapRequest =>
  request(DEVICE, 'GetServices', '<q:IncludeCapability>false</q:IncludeCapability>');
/** The older way to find the services. */
export const askCapabilities = (): SoapRequest => request(DEVICE, 'GetCapabilities', '<q:Category>Media</q:Category>');

export const askProfiles = (version: MediaVersion): SoapRequest =>
  request(MEDIA_NAMESPACES[version], 'GetProfiles', version === 'ver20' ? '<q:Type>All</q:Type>' : '');

/** Asks for the URL of a stream that comes over its RTSP connection. */
export function askStreamUri(version: MediaVersion, token: string): SoapRequest {
  const setup =
    version === 'ver20'
      ? '<q:Protocol>RTSP</q:Protocol>'
      : '<q:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>' +
        '<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></q:StreamSetup>';
  return ofProfile(version, 'GetStreamUri', token, setup);
}

export const askSnapshotUri = (version: MediaVersion, token: string): SoapRequest =>
  ofProfile(version, 'GetSnapshotUri', token);
/** Asks for a key frame in every stream of a profile. */
export const askSynchronizationPoint = (version: MediaVersion, token: string): SoapRequest =>
  ofProfile(version, 'SetSynchronizationPoint', token);

export type UsernameToken = {
  readonly credentials: Credentials;
  /** Random, 16 bytes or more. */
  readonly nonce: Uint8Array;
  /** By the device's clock. */
  readonly createdMs: number;
};

/** The whole message. With a token the password travels as a digest only (WSS UsernameToken Profile 1.0, 3.1). */
export function buildEnvelope({ body }: SoapRequest, token: UsernameToken | null): string {
  const header = token === null ? '' : `<s:Header>${buildSecurity(token)}</s:Header>`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">${header}<s:Body>${body}</s:Body></s:Envelope>`
  );
}

function buildSecurity({ credentials, nonce, createdMs }: UsernameToken): string {
  const created = new Date(createdMs).toISOString();
  const digest = createHash('sha1').update(nonce).update(created).update(credentials.password, 'utf8').digest('base64');
  return (
    `<w:Security s:mustUnderstand="1" xmlns:w="${SECURITY}-wssecurity-secext-1.0.xsd"` +
    ` xmlns:u="${SECURITY}-wssecurity-utility-1.0.xsd"><w:UsernameToken>` +
    `<w:Username>${escapeXml(credentials.username)}</w:Username>` +
    `<w:Password Type="${SECURITY}-username-token-profile-1.0#PasswordDigest">${digest}</w:Password>` +
    `<w:Nonce EncodingType="${SECURITY}-soap-message-security-1.0#Base64Binary">` +
    `${Buffer.from(nonce).toString('base64')}</w:Nonce>` +
    `<u:Created>${created}</u:Created></w:UsernameToken></w:Security>`
  );
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Characters XML cannot hold at all are left out. */
const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this takes out
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
    .replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? '');
