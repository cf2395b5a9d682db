import { reasonText, Viewer } from '@sallyport/client';

const viewer = new Viewer({
  url: 'wss://video.example/v1/signal',
  getToken: async (ask) => (await fetch('/my-token', { method: 'POST', body: JSON.stringify(ask) })).text(),
});
viewer.watch('cam_aaaaaaaaaaaaaaaaaaaaaaaaaa', document.querySelector('video')!, {
  onState: (state) => {
    document.title = state.name === 'dark' ? reasonText(state.reason) : state.name;
  },
});
