/*
 * Calls a deployment's HTTP routes as one key, the way integrators do. Nothing here knows the server's insides.
 */

/** The deployment said no, or could not be reached; the message says which route and what it answered. */
export class DeploymentFault extends Error {
  override readonly name = 'DeploymentFault';
  /** 0 when there was no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export type Body = Readonly<Record<string, unknown>>;

/** One request; answers the body of a success and throws DeploymentFault otherwise. */
export async function call(url: string, key: string, method: string, path: string, body?: unknown): Promise<Body> {
  const init = {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const answer = await fetch(new URL(path, url), init).catch((cause: unknown) => {
    throw new DeploymentFault(`${method} ${path}: ${url} cannot be reached (${reasonOf(cause)})`, 0);
  });
  const text = await answer.text();
  if (!answer.ok) throw new DeploymentFault(`${method} ${path} answered ${answer.status}: ${text}`, answer.status);
  return text === '' ? {} : JSON.parse(text);
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message : String(inner);
}
