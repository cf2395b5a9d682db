/* Rows of the cameras: operator and vendor enrol and change them, owner and auditor look at the list. */
import { cameraInputSchema, cameraPatchSchema, deviceInputSchema } from '@sallyport/protocol/camera';
import { cameraIdSchema } from '@sallyport/protocol/ids';
import { z } from 'zod';
import type { RouteDeps } from '../http-deps.ts';
import { guardedRoute, type Route } from '../route.ts';

const params = z.strictObject({ id: cameraIdSchema });
const keepers = ['operator', 'vendor'] as const;
const readers = [...keepers, 'owner', 'auditor'] as const;

const buildDiscovery = (cameras: Pick<RouteDeps['cameras'], 'discover'>): Route =>
  guardedRoute(keepers, {
    method: 'POST',
    path: '/v1/cameras/discover',
    summary: 'Asks an ONVIF device for its streams (up to 20 s); stores nothing and fetches no picture',
    answers: '`streams`, with what each is set to; `recommended`: which to take and why; `advice` in plain words.',
    input: { body: deviceInputSchema },
    call: ({ body }) => cameras.discover(body),
  });

export const buildCameraRoutes = ({ cameras }: Pick<RouteDeps, 'cameras'>): readonly Route[] => [
  buildDiscovery(cameras),
  guardedRoute(keepers, {
    method: 'POST',
    path: '/v1/cameras',
    summary: 'Enrols a camera by `rtspUrl` or `onvif`, after asking it what it offers (up to 40 s)',
    answers:
      'The camera; credentials are never shown. `offer`: what it said it sends, what that costs, and `advice`; with ' +
      '`reached` false it did not answer and was enrolled unseen.',
    status: 201,
    input: { body: cameraInputSchema },
    call: ({ body, actor }) => cameras.enrol(body, actor),
  }),
  guardedRoute(readers, {
    method: 'GET',
    path: '/v1/cameras',
    summary: 'Lists the cameras this key may know',
    answers: '`items`: cameras.',
    input: {},
    call: ({ actor }) => cameras.list(actor),
  }),
  guardedRoute(readers, {
    method: 'GET',
    path: '/v1/cameras/{id}',
    summary: 'Reads one camera',
    answers: 'The camera.',
    input: { params },
    call: ({ params, actor }) => cameras.read(params.id, actor),
  }),
  guardedRoute(readers, {
    method: 'GET',
    path: '/v1/cameras/{id}/health',
    summary: 'How a camera is doing: state, rates, key frames, loss, and what to change',
    answers: 'The figures of the pull that runs now, and `advice` in plain words; empty when all is well.',
    input: { params },
    call: ({ params, actor }) => cameras.health(params.id, actor),
  }),
  guardedRoute(keepers, {
    method: 'PATCH',
    path: '/v1/cameras/{id}',
    summary: "Changes a camera's name, place or address",
    answers: 'The camera as changed; after a change of source with `offer`, as at enrolment.',
    input: { params, body: cameraPatchSchema },
    call: ({ params, body, actor }) => cameras.change(params.id, body, actor),
  }),
  guardedRoute(keepers, {
    method: 'DELETE',
    path: '/v1/cameras/{id}',
    summary: 'Takes a camera out for good; who watches it is cut before the answer',
    answers: 'The camera, withdrawn.',
    pace: 'stop',
    input: { params },
    call: ({ params, actor }) => cameras.withdraw(params.id, actor),
  }),
];
