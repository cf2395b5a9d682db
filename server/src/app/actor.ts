/* Who acts: the API key behind a request, as the use cases see it. Roles are checked in the table of routes. */
import type { ApiKeyRecord } from './ports/store.ts';

export type Actor = Pick<ApiKeyRecord, 'id' | 'role' | 'agency' | 'ownerId' | 'cameraId'>;
