/*
 * The public face of @sallyport/client/publisher-element. Importing it defines <sallyport-publisher>, once; a page that
 * only watches does not load it.
 */
export { openViewerKey, PublishingRefused, publishReasonText } from '../src/publisher/index.ts';
export { type PublisherWords, type ToPublisherWords, toPublisherWords } from './publisher-words.ts';

import { SallyportPublishEvent, SallyportPublisher } from './publisher-element.ts';

export { SallyportPublishEvent, SallyportPublisher };

if (customElements.get('sallyport-publisher') === undefined) {
  customElements.define('sallyport-publisher', SallyportPublisher);
}
