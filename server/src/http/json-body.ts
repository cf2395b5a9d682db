/*
 * Reads JSON bodies: an empty one is no body, prototype poisoning and lone surrogates are not JSON here. The latter
 * cannot be written as UTF-8, so nothing that is hashed or stored may hold one.
 */
import { errorCodes, type FastifyInstance } from 'fastify';

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Takes JSON and nothing else. */
export function registerJsonBody(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text: string, done) => {
    if (text === '') return done(null, undefined);
    if (SURROGATE_ESCAPE.test(text) && !isWellFormed(text)) return done(new errorCodes.FST_ERR_CTP_INVALID_JSON_BODY());
    return parse(request, text, done);
  });
}

/** For rows without a body: what is sent along is read to its bounded end and forgotten, whatever it says it is. */
export function registerIgnoredBody(app: FastifyInstance): void {
  // Even a type that cannot be read; a withdrawal is not the place to be strict about it.
  app.addHook('onRequest', async ({ headers }) => {
    delete headers['content-type'];
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _bytes, done) => done(null, undefined));
}

function isWellFormed(text: string): boolean {
  try {
    JSON.parse(text, (_name, value: unknown) => {
      if (typeof value === 'string' && !value.isWellFormed()) throw new SyntaxError('lone surrogate');
      return value;
    });
    return true;
  } catch {
    return false;
  }
}
