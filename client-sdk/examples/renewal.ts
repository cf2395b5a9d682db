import { type TokenAsk, ViewingRefused } from '@sallyport/client';
import '@sallyport/client/elements';

// Called for the join, and again whenever two thirds of a token's time are gone.
async function getToken(ask: TokenAsk): Promise<string> {
  const answer = await fetch('/my-token', { method: 'POST', body: JSON.stringify(ask) });
  if (answer.status === 403) throw new ViewingRefused('the shift is over: do not ask again');
  if (!answer.ok) throw new Error(`ask again later: ${answer.status}`);
  return answer.text();
}
document.querySelector('sallyport-viewer')!.getToken = getToken;
