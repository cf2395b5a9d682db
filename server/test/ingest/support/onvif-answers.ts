// What a simulated ONVIF camera says, as XML: written after the WSDLs, with the vendors' liberties as options.
export type SimulatedProfile = {
  readonly token: string;
  readonly name?: string;
  /** As the media service in use spells it; absent: the device does not say. */
  readonly encoding?: string;
  readonly size?: readonly [width: number, height: number];
  readonly fps?: number;
  readonly kbps?: number;
  readonly gop?: number;
  readonly audio?: boolean;
  readonly snapshot?: boolean;
  /** Sends no pictures at all: a profile for metadata. */
  readonly blind?: boolean;
  readonly uri?: string;
};
export type MediaVersion = 'ver10' | 'ver20';

const NAMESPACES =
  'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" ' +
  'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" ' +
  'xmlns:ter="http://www.onvif.org/ver10/error"';
const MEDIA = { ver10: 'http://www.onvif.org/ver10/media/wsdl', ver20: 'http://www.onvif.org/ver20/media/wsdl' };

/** The envelope; `prefix` is the vendor's taste, and an empty one is a default namespace. */
export function envelope(body: string, prefix = 'env'): string {
  const name = (word: string): string => (prefix === '' ? word : `${prefix}:${word}`);
  const xmlns = `xmlns${prefix === '' ? '' : `:${prefix}`}="http://www.w3.org/2003/05/soap-envelope"`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<${name('Envelope')} ${xmlns} ${NAMESPACES}>` +
    `<${name('Header')}/><${name('Body')}>${body}</${name('Body')}></${name('Envelope')}>`
  );
}

export const fault = (subcode: string, text: string, prefix = 'env'): string =>
  envelope(
    `<${prefix}:Fault><${prefix}:Code><${prefix}:Value>${prefix}:Sender</${prefix}:Value>` +
      `<${prefix}:Subcode><${prefix}:Value>ter:${subcode}</${prefix}:Value></${prefix}:Subcode></${prefix}:Code>` +
      `<${prefix}:Reason><${prefix}:Text xml:lang="en">${text}</${prefix}:Text></${prefix}:Reason></${prefix}:Fault>`,
    prefix,
  );

export function timeAnswer(nowMs: number): string {
  const at = new Date(nowMs);
  return (
    '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>' +
    '<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST6CDT</tt:TZ></tt:TimeZone><tt:UTCDateTime>' +
    `<tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute>` +
    `<tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year>` +
    `<tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date>` +
    '</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>'
  );
}

export const servicesAnswer = (versions: readonly MediaVersion[], base: string): string =>
  `<tds:GetServicesResponse>${['device', ...versions]
    .map((version) => {
      const [namespace, path] =
        version === 'device'
          ? ['http://www.onvif.org/ver10/device/wsdl', 'device_service']
          : [MEDIA[version as MediaVersion], `media_${version}`];
      return (
        `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${base}/onvif/${path}</tds:XAddr>` +
        '<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>'
      );
    })
    .join('')}</tds:GetServicesResponse>`;

export const capabilitiesAnswer = (base: string): string =>
  `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>${base}/onvif/media_ver10</tt:XAddr>` +
  '<tt:StreamingCapabilities><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media>' +
  '</tds:Capabilities></tds:GetCapabilitiesResponse>';

export const deviceAnswer = (): string =>
  '<tds:GetDeviceInformationResponse><tds:Manufacturer>Simulated</tds:Manufacturer><tds:Model>One</tds:Model>' +
  '<tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>1</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId>' +
  '</tds:GetDeviceInformationResponse>';

export const videoSourcesAnswer = (): string =>
  '<trt:GetVideoSourcesResponse><trt:VideoSources token="src"><tt:Framerate>25</tt:Framerate><tt:Resolution>' +
  '<tt:Width>1920</tt:Width><tt:Height>1080</tt:Height></tt:Resolution></trt:VideoSources></trt:GetVideoSourcesResponse>';

const word = (name: string, value: unknown): string => (value === undefined ? '' : `<tt:${name}>${value}</tt:${name}>`);

function encoder(version: MediaVersion, profile: SimulatedProfile): string {
  const { encoding, size, fps, kbps, gop } = profile;
  const resolution = size && `<tt:Width>${size[0]}</tt:Width><tt:Height>${size[1]}</tt:Height>`;
  const rate =
    fps === undefined && kbps === undefined ? undefined : `${word('FrameRateLimit', fps)}${word('BitrateLimit', kbps)}`;
  const inner = `${word('Name', 'v')}${word('UseCount', 1)}${word('Encoding', encoding)}${word('Resolution', resolution)}`;
  const tail = `${word('RateControl', rate)}${word('Quality', 4)}`;
  if (version === 'ver20') {
    const govLength = gop === undefined ? '' : ` GovLength="${gop}" Profile="Main"`;
    return `<tr2:VideoEncoder token="v_${profile.token}"${govLength}>${inner}${tail}</tr2:VideoEncoder>`;
  }
  const h264 = gop === undefined ? undefined : `${word('GovLength', gop)}${word('H264Profile', 'Main')}`;
  const config = `${inner}${tail}${word('H264', h264)}`;
  return `<tt:VideoEncoderConfiguration token="v_${profile.token}">${config}</tt:VideoEncoderConfiguration>`;
}

export function profilesAnswer(version: MediaVersion, profiles: readonly SimulatedProfile[]): string {
  const response = version === 'ver20' ? 'tr2' : 'trt';
  const source = '<tt:Name>s</tt:Name><tt:UseCount>1</tt:UseCount><tt:SourceToken>src</tt:SourceToken>';
  const told = profiles.map((profile) => {
    const name =
      profile.name === undefined
        ? ''
        : `<${version === 'ver20' ? 'tr2' : 'tt'}:Name>${profile.name}</${version === 'ver20' ? 'tr2' : 'tt'}:Name>`;
    const video = profile.blind ? '' : encoder(version, profile);
    if (version === 'ver20') {
      const audio = profile.audio
        ? '<tr2:AudioEncoder token="a"><tt:Encoding>PCMU</tt:Encoding></tr2:AudioEncoder>'
        : '';
      const inner = `<tr2:VideoSource token="s">${source}</tr2:VideoSource>${video}${audio}`;
      return `<tr2:Profiles token="${profile.token}" fixed="true">${name}<tr2:Configurations>${inner}</tr2:Configurations></tr2:Profiles>`;
    }
    const audio = profile.audio
      ? '<tt:AudioEncoderConfiguration token="a"><tt:Encoding>G711</tt:Encoding></tt:AudioEncoderConfiguration>'
      : '';
    const inner = `<tt:VideoSourceConfiguration token="s">${source}</tt:VideoSourceConfiguration>${video}${audio}`;
    return `<trt:Profiles token="${profile.token}" fixed="true">${name}${inner}</trt:Profiles>`;
  });
  return `<${response}:GetProfilesResponse>${told.join('')}</${response}:GetProfilesResponse>`;
}

export function uriAnswer(version: MediaVersion, question: string, uri: string): string {
  const escaped = uri.replaceAll('&', '&amp;');
  return version === 'ver20'
    ? `<tr2:${question}Response><tr2:Uri>${escaped}</tr2:Uri></tr2:${question}Response>`
    : `<trt:${question}Response><trt:MediaUri><tt:Uri>${escaped}</tt:Uri><tt:InvalidAfterConnect>false` +
        '</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>' +
        `</trt:MediaUri></trt:${question}Response>`;
}

export const doneAnswer = (version: MediaVersion, question: string): string =>
  `<${version === 'ver20' ? 'tr2' : 'trt'}:${question}Response/>`;
