/*
 * The names both sides of the control connection agree on before the first message. No import, so that a viewer's
 * page can carry them without the schemas.
 */

export const PROTOCOL_VERSION = 1;
/** The WebSocket subprotocol a client MUST offer and the server MUST select. */
export const SUBPROTOCOL = 'sallyport.v1';
/** `htm` of the possession proof for `join` and `renew`: the method of the control connection's handshake. */
export const PROOF_METHOD = 'GET';
