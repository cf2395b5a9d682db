import '@sallyport/client/publisher-element';

// Whoever may speak for the camera's owner asks the server for this: POST /v1/cameras/{id}/publish-tokens {jkt}.
const publisher = document.querySelector('sallyport-publisher')!;
publisher.getPublishToken = async (ask) =>
  (await fetch('/my-publish-token', { method: 'POST', body: JSON.stringify(ask) })).text();
publisher.addEventListener('sallyport-publish', ({ state }) => {
  document.title = state.name === 'published' && state.watched === 'yes' ? 'Being watched' : state.name;
});
