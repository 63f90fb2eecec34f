import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import type { Http } from '#shared/http/http.ts';

/** The connections to a vault as they have to be now. To be asked before each session. */
export type CurrentHttp = () => Promise<Http>;

export interface CurrentHttpOptions extends Pick<ConnectionContext, 'connect' | 'readSecret'> {
  /** The secret with the client certificate, where the connection has one. */
  readonly certificateSecret: string | undefined;
}

/**
 * Connects once, and anew when the client certificate has changed, which is looked up each time: a warm function lives
 * longer than many a certificate. What the old connections still carry ends by itself, and they with it.
 */
export const connectCurrent = ({ readSecret, certificateSecret, connect }: CurrentHttpOptions): CurrentHttp => {
  if (certificateSecret === undefined) {
    const http = connect();
    return async () => http;
  }
  let current: { readonly versionId: string; readonly http: Http } | undefined;
  return async () => {
    // Few connections have one.
    const { readClientCertificate } = await import('#shared/connections/client-certificate.ts');
    const { certificate, versionId } = await readClientCertificate(readSecret, certificateSecret);
    if (current?.versionId !== versionId) current = { versionId, http: connect(certificate) };
    return current.http;
  };
};
