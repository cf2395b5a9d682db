/* Questions as data, and answers read: tables, without a network. */
import { createHash } from 'node:crypto';
import t from 'tap';
import {
  bodyOf,
  readFault,
  readMediaServices,
  readProfiles,
  readTime,
  readUri,
} from '../../../src/ingest/onvif/soap-answers.ts';
import {
  askCapabilities,
  askProfiles,
  askServices,
  askSnapshotUri,
  askStreamUri,
  askSynchronizationPoint,
  askTime,
  buildEnvelope,
  type SoapRequest,
} from '../../../src/ingest/onvif/soap-requests.ts';
import { findChild, parseXml, textAt, type XmlElement } from '../../../src/ingest/onvif/xml-tree.ts';

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const MEDIA = 'http://www.onvif.org/ver10/media/wsdl';
const MEDIA2 = 'http://www.onvif.org/ver20/media/wsdl';
const read = (text: string): XmlElement => {
  const body = bodyOf(parseXml(text));
  if (!body) throw new Error('no body');
  return body;
};

const questions: readonly (readonly [request: SoapRequest, namespace: string, inner: string])[] = [
  [askTime(), DEVICE, ''],
  [askServices(), DEVICE, '<q:IncludeCapability>false</q:IncludeCapability>'],
  [askCapabilities(), DEVICE, '<q:Category>Media</q:Category>'],
  [askProfiles('ver10'), MEDIA, ''],
  [askProfiles('ver20'), MEDIA2, '<q:Type>All</q:Type>'],
  [askStreamUri('ver20', 'p'), MEDIA2, '<q:Protocol>RTSP</q:Protocol><q:ProfileToken>p</q:ProfileToken>'],
  [
    askStreamUri('ver10', 'p'),
    MEDIA,
    '<q:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>' +
      '</q:StreamSetup><q:ProfileToken>p</q:ProfileToken>',
  ],
  [askSnapshotUri('ver10', 'p'), MEDIA, '<q:ProfileToken>p</q:ProfileToken>'],
  [askSynchronizationPoint('ver20', '<&">'), MEDIA2, '<q:ProfileToken>&lt;&amp;&quot;&gt;</q:ProfileToken>'],
];
for (const [request, namespace, inner] of questions) {
  t.test(`asks ${request.name}`, async (t) => {
    const text = buildEnvelope(request, null);
    const asked = read(text);
    t.equal(asked.name, request.name);
    t.equal(request.namespace, namespace);
    t.ok(text.includes(`xmlns:q="${namespace}"`) && text.includes(`>${inner}</q:${request.name}>`), text);
    t.notOk(text.includes('Security'), 'no token unless there is one');
  });
}

t.test('a token holds a digest by the time of the device, and no password', async (t) => {
  const nonce = Buffer.from('0123456789abcdef');
  const createdMs = Date.UTC(2020, 1, 3, 4, 5, 6, 7);
  const credentials = { username: 'a<b', password: 'secret&' };
  const text = buildEnvelope(askTime(), { credentials, nonce, createdMs });
  const token = findChild(parseXml(text), 'Header', 'Security', 'UsernameToken');
  const created = '2020-02-03T04:05:06.007Z';
  t.equal(textAt(token, 'Username'), 'a<b');
  t.equal(textAt(token, 'Created'), created);
  t.equal(textAt(token, 'Nonce'), nonce.toString('base64'));
  t.match(findChild(token, 'Password')?.attributes['Type'], /#PasswordDigest$/);
  const digest = createHash('sha1')
    .update(Buffer.concat([nonce, Buffer.from(`${created}secret&`)]))
    .digest('base64');
  t.equal(textAt(token, 'Password'), digest);
  t.notMatch(text, /secret/);
});

t.test('XML is read without prefixes, entities beyond the five, or comments', async (t) => {
  const root = parseXml(
    '\ufeff\n<?xml version="1.0"?><a:A b:c="1" xmlns:x="y"><!-- n --><B> t&amp;u <![CDATA[<v>]]></B></a:A>',
  );
  t.equal(root.name, 'A');
  t.equal(root.attributes['c'], '1');
  t.equal(textAt(root, 'B'), 't&u <v>');
  t.equal(textAt(root, 'C'), null);
  for (const text of ['', '<a>', '<a></b>', '<a>&bomb;</a>', '<!DOCTYPE a><a/>', 'text', '<a/><b/>'])
    t.throws(() => parseXml(text), { code: 'not-onvif' }, text);
});

const wrap = (inner: string): string => `<s:Envelope><s:Body>${inner}</s:Body></s:Envelope>`;
const faults: readonly (readonly [name: string, inner: string, expected: unknown])[] = [
  [
    'SOAP 1.2, not authorized',
    '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code><s:Reason><s:Text>Sender not Authorized</s:Text></s:Reason></s:Fault>',
    { kind: 'not-authorized', text: 'Sender not Authorized' },
  ],
  [
    'WS-Security of another mind',
    '<s:Fault><s:Code><s:Subcode><s:Value>wsse:FailedAuthentication</s:Value></s:Subcode></s:Code></s:Fault>',
    { kind: 'not-authorized' },
  ],
  [
    'nested subcodes',
    '<s:Fault><s:Code><s:Subcode><s:Value>ter:InvalidArgVal</s:Value><s:Subcode><s:Value>ter:NoProfile</s:Value></s:Subcode></s:Subcode></s:Code><s:Reason><s:Text>no profile\u0007</s:Text></s:Reason></s:Fault>'.replace(
      '\u0007',
      '\u00e4',
    ),
    { kind: 'other', text: 'no profile' },
  ],
  [
    'SOAP 1.1',
    '<s:Fault><faultcode>s:Client</faultcode><faultstring>Unauthorized</faultstring></s:Fault>',
    { kind: 'not-authorized' },
  ],
  [
    'a prefix nobody declared, as a bridge sends it',
    '<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value>env:NotAuthorized</soap:Value></soap:Subcode></soap:Code></soap:Fault>',
    { kind: 'not-authorized' },
  ],
  ['nothing said', '<s:Fault/>', { kind: 'other', text: 'no reason given' }],
  ['no fault', '<GetProfilesResponse/>', null],
];
for (const [name, inner, expected] of faults) {
  t.test(`fault: ${name}`, async (t) => {
    const fault = readFault(read(wrap(inner)));
    if (expected === null) t.equal(fault, null);
    else t.match(fault, expected as object);
  });
}

t.test('times, services and URIs', async (t) => {
  const time = (inner: string) =>
    readTime(read(wrap(`<R><SystemDateAndTime><UTCDateTime>${inner}</UTCDateTime></SystemDateAndTime></R>`)));
  const clock = '<Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time>';
  t.equal(
    time(`${clock}<Date><Year>2024</Year><Month>12</Month><Day>31</Day></Date>`),
    Date.UTC(2024, 11, 31, 1, 2, 3),
  );
  t.equal(time(clock), null);
  t.equal(time(`${clock}<Date><Year>soon</Year><Month>12</Month><Day>31</Day></Date>`), null);
  const service = (namespace: string, xaddr: string) =>
    `<Service><Namespace>${namespace}</Namespace><XAddr>${xaddr}</XAddr></Service>`;
  t.same(
    readMediaServices(read(wrap(`<R>${service(`${MEDIA}/`, 'a')}${service(MEDIA2, 'b')}${service(DEVICE, 'c')}</R>`))),
    {
      ver10: 'a',
      ver20: 'b',
    },
  );
  t.same(readMediaServices(read(wrap('<R><Capabilities><Media><XAddr>a</XAddr></Media></Capabilities></R>'))), {
    ver10: 'a',
  });
  t.same(readMediaServices(read(wrap('<R/>'))), {});
  t.equal(readUri(read(wrap('<R><MediaUri><Uri> u </Uri></MediaUri></R>'))), 'u');
  t.equal(readUri(read(wrap('<R><Uri>u</Uri></R>'))), 'u');
  t.equal(readUri(read(wrap('<R><Uri></Uri></R>'))), null);
});

t.test('profiles whose figures make no sense have none', async (t) => {
  const inner =
    '<R><Profiles token="p"><VideoEncoderConfiguration><Encoding>h264</Encoding><Resolution><Width>-1</Width><Height>x</Height>' +
    '</Resolution><RateControl><FrameRateLimit>0</FrameRateLimit><BitrateLimit>1e999</BitrateLimit></RateControl>' +
    '<H264><GovLength>50</GovLength></H264></VideoEncoderConfiguration></Profiles>' +
    '<Profiles><VideoEncoderConfiguration/></Profiles></R>';
  t.same(readProfiles(read(wrap(inner))), [
    {
      token: 'p',
      name: 'p',
      codec: 'H264',
      widthPx: null,
      heightPx: null,
      framesPerSecond: null,
      bitsPerSecond: null,
      keyFrameEveryMs: null,
      hasAudio: false,
    },
  ]);
});
