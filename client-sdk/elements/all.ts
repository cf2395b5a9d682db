/*
 * Everything in one file, for pages without a bundler: both kinds of elements, and what a page needs beside them.
 */
export {
  type CameraId,
  openViewerKey,
  reasonText,
  SallyportCutEvent,
  SallyportStateEvent,
  SallyportViewer,
  SallyportWall,
  type StateWords,
  type ToStateWords,
  toStateWords,
  Viewer,
  ViewingRefused,
  WALL_CAMERAS_MAX,
} from './index.ts';
export {
  type PublisherWords,
  PublishingRefused,
  publishReasonText,
  SallyportPublishEvent,
  SallyportPublisher,
  type ToPublisherWords,
  toPublisherWords,
} from './publisher.ts';
