/* Distance on the earth. Pure; used by the scope check and by the list of nearby cameras. */
import type { Place } from '@sallyport/protocol/primitives';

const EARTH_RADIUS_M = 6_371_008.8;
const toRadians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance in metres by the haversine formula; WGS 84 degrees in, error under 0.5 %. */
export function distanceM(a: Place, b: Place): number {
  const sinLat = Math.sin(toRadians(b.lat - a.lat) / 2);
  const sinLon = Math.sin(toRadians(b.lon - a.lon) / 2);
  const h = sinLat * sinLat + Math.cos(toRadians(a.lat)) * Math.cos(toRadians(b.lat)) * sinLon * sinLon;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
