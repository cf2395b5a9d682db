/* Addresses of devices: what the operator types, and what a device says of itself. Tables. */
import t from 'tap';
import {
  formatDeviceUrl,
  parseDeviceAddress,
  resolveService,
  resolveStream,
} from '../../../src/ingest/onvif/device-url.ts';

const typed: readonly (readonly [text: string, expected: string | null])[] = [
  ['192.168.1.20', 'http://192.168.1.20:80/onvif/device_service'],
  [' camera.lan:8000 ', 'http://camera.lan:8000/onvif/device_service'],
  ['2001:db8::1', 'http://[2001:db8::1]:80/onvif/device_service'],
  ['[2001:db8::1]:8000', 'http://[2001:db8::1]:8000/onvif/device_service'],
  ['https://camera.lan', 'https://camera.lan:443/onvif/device_service'],
  ['http://camera.lan:80/onvif/services?x=1', 'http://camera.lan:80/onvif/services?x=1'],
  ['HTTP://CAMERA.lan/', 'http://camera.lan:80/onvif/device_service'],
  ['0x7f.1', 'http://127.0.0.1:80/onvif/device_service'],
  ['http://user:secret@camera.lan/', null],
  ['rtsp://camera.lan/', null],
  ['file:///etc/passwd', null],
  ['camera.lan\r\nX: y', null],
  ['http:\\\\camera.lan', null],
  ['', null],
  ['a'.repeat(3_000), null],
];
for (const [text, expected] of typed) {
  t.test(`an address: ${text.slice(0, 40)}`, async (t) => {
    const reading = parseDeviceAddress(text);
    t.equal(reading.ok ? formatDeviceUrl(reading.url) : null, expected);
    if (!reading.ok) t.notMatch(reading.text, /secret/);
  });
}

const device = { scheme: 'http', host: '192.168.1.20', port: 8000, path: '/onvif/device_service' } as const;
const xaddrs: readonly (readonly [xaddr: string | null, expected: string])[] = [
  ['http://192.168.1.20:8000/onvif/Media', 'http://192.168.1.20:8000/onvif/Media'],
  ['http://192.168.1.20/onvif/Media', 'http://192.168.1.20:80/onvif/Media'],
  ['https://192.168.1.20/onvif/Media', 'https://192.168.1.20:443/onvif/Media'],
  ['http://10.0.0.5/onvif/Media?a=1', 'http://192.168.1.20:8000/onvif/Media?a=1'],
  ['http://169.254.169.254/latest', 'http://192.168.1.20:8000/latest'],
  ['http://evil.example:25/', 'http://192.168.1.20:8000/'],
  ['/onvif/Media', 'http://192.168.1.20:8000/onvif/Media'],
  ['gopher://192.168.1.20/', 'http://192.168.1.20:8000/onvif/device_service'],
  [null, 'http://192.168.1.20:8000/onvif/device_service'],
];
for (const [xaddr, expected] of xaddrs) {
  t.test(`a service at ${xaddr}`, async (t) => t.equal(formatDeviceUrl(resolveService(device, xaddr)), expected));
}

t.test('a device reached by https is never asked in the open', async (t) => {
  const secure = { ...device, scheme: 'https', port: 443 } as const;
  t.equal(formatDeviceUrl(resolveService(secure, 'http://192.168.1.20/m')), 'https://192.168.1.20:443/m');
});

const user = { username: 'a@b', password: 'c:/?#%' };
const streams: readonly (readonly [uri: string, expected: string | null])[] = [
  ['rtsp://192.168.1.20:554/live?x=1', 'rtsp://a%40b:c%3A%2F%3F%23%25@192.168.1.20:554/live?x=1'],
  ['rtsp://10.0.0.5/live', 'rtsp://a%40b:c%3A%2F%3F%23%25@192.168.1.20:554/live'],
  ['rtsp://other:password@10.0.0.5:8554/', 'rtsp://a%40b:c%3A%2F%3F%23%25@192.168.1.20:8554/'],
  ['rtsps://10.0.0.5/live', 'rtsps://a%40b:c%3A%2F%3F%23%25@192.168.1.20:322/live'],
  ['http://192.168.1.20/mjpeg', null],
  ['', null],
];
for (const [uri, expected] of streams) {
  t.test(`a stream at ${uri}`, async (t) => t.equal(resolveStream(device, uri, user), expected));
}

t.test('a stream of a device without passwords, by IPv6', async (t) => {
  t.equal(resolveStream({ ...device, host: '2001:db8::1' }, 'rtsp://h/s', null), 'rtsp://[2001:db8::1]:554/s');
});
