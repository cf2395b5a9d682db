/*
 * The elements' public face. Importing it defines both elements, once; the single-file build is made of it, and so it
 * hands on what a page needs beside them.
 */
export { type CameraId, openViewerKey, reasonText, Viewer, ViewingRefused } from '../src/index.ts';
export { SallyportCutEvent, SallyportStateEvent } from './element-events.ts';
export { type StateWords, type ToStateWords, toStateWords } from './state-words.ts';

import { SallyportViewer } from './viewer-element.ts';
import { SallyportWall, WALL_CAMERAS_MAX } from './wall-element.ts';

export { SallyportViewer, SallyportWall, WALL_CAMERAS_MAX };

const elements = { 'sallyport-viewer': SallyportViewer, 'sallyport-wall': SallyportWall };
// Two copies on one page, say of two vendors' bundles: the first one stays.
for (const [name, element] of Object.entries(elements)) {
  if (customElements.get(name) === undefined) customElements.define(name, element);
}
