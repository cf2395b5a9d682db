import { Publisher, publishReasonText } from '@sallyport/client/publisher';

const publisher = new Publisher({
  url: 'https://video.example',
  cameraId: 'cam_aaaaaaaaaaaaaaaaaaaaaaaaaa',
  getPublishToken: async (ask) =>
    (await fetch('/my-publish-token', { method: 'POST', body: JSON.stringify(ask) })).text(),
  preview: document.querySelector('video'),
});
publisher.addEventListener('state', () => {
  const { state } = publisher;
  document.title = state.name === 'off' ? publishReasonText(state.reason) : state.name;
});
document.querySelector('button')!.addEventListener('click', () => publisher.start());
