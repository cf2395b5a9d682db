import '@sallyport/client/elements';

const wall = document.querySelector('sallyport-wall')!;
wall.names = { cam_aaaaaaaaaaaaaaaaaaaaaaaaaa: 'Shop door' };
wall.getToken = async (ask) => (await fetch('/my-token', { method: 'POST', body: JSON.stringify(ask) })).text();
wall.addEventListener('sallyport-cut', ({ cameraId, reason }) => {
  document.title = `${cameraId}: ${reason}`;
});
