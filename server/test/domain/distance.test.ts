/* Distance against places whose distance is known, and the properties any distance has. */
import fc from 'fast-check';
import t from 'tap';
import { distanceM } from '../../src/domain/distance.ts';

t.test('known distances', async (t) => {
  const rows = [
    ['nothing', { lat: 32.3, lon: -90.18 }, { lat: 32.3, lon: -90.18 }, 0],
    ['a degree of latitude', { lat: 0, lon: 0 }, { lat: 1, lon: 0 }, 111_195],
    ['across the date line', { lat: 0, lon: 179.5 }, { lat: 0, lon: -179.5 }, 111_195],
    ['pole to pole', { lat: 90, lon: 0 }, { lat: -90, lon: 17 }, 20_015_115],
    ['Paris to London', { lat: 48.8566, lon: 2.3522 }, { lat: 51.5074, lon: -0.1278 }, 343_556],
  ] as const;
  for (const [name, a, b, expected] of rows) {
    t.ok(Math.abs(distanceM(a, b) - expected) <= Math.max(1, expected * 0.001), name);
  }
});

t.test('property: symmetric, never negative, never NaN', async (t) => {
  const place = fc.record({
    lat: fc.double({ min: -90, max: 90, noNaN: true }),
    lon: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(place, place, (a, b) => {
      const there = distanceM(a, b);
      return there >= 0 && Math.abs(there - distanceM(b, a)) < 1e-3;
    }),
  );
  t.pass();
});
