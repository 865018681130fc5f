import type { ErrorRow } from './row.ts';

export const webErrors = {
  WEB_PLAIN_HTTP_REFUSED: {
    message: 'The pages would be served without encryption on {bind}',
    remedy:
      'Set web.tls to generated (or to your own certificate), or web.bind to 127.0.0.1, or put a proxy that terminates TLS in front and set web.behindTlsProxy to true.',
  },
  WEB_PORT_UNUSABLE: {
    message: 'The pages cannot be served on {bind} port {port}: {reason}',
    remedy:
      'Stop the program that has the port, or set web.bind and web.port to an address of this machine and a free port.',
  },
  WEB_CERTIFICATE_UNUSABLE: {
    message: 'The certificate of the pages, {file}, cannot be used: {reason}',
    remedy:
      'Check that web.tls.cert and web.tls.key are PEM files that belong together and may be read, or set web.tls to generated.',
  },
  WEB_SIGN_IN_LINK_NOT_LOCAL: {
    message: 'Sign-in links are for pages on loopback only, and these are served on {bind}',
    remedy: 'Sign in with your account.',
  },
} as const satisfies Record<string, ErrorRow>;
