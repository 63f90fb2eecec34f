import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import type { Http } from '#shared/http/http.ts';

/** Returns the current connections to a vault. To be called before each session. */
export type CurrentHttp = () => Promise<Http>;

export interface CurrentHttpOptions extends Pick<ConnectionContext, 'connect' | 'readSecret'> {
  /** Secret with the client certificate; undefined if the connection has none. */
  readonly certificateSecret: string | undefined;
}

/**
 * Connects once, and again if the client certificate has changed. The certificate is read each time, because a warm
 * function can outlive it. Calls on the old connections finish, and the connections end with them.
 */
export const connectCurrent = ({ readSecret, certificateSecret, connect }: CurrentHttpOptions): CurrentHttp => {
  if (certificateSecret === undefined) {
    const http = connect();
    return async () => http;
  }
  let current: { readonly versionId: string; readonly http: Http } | undefined;
  return async () => {
    // Imported on demand: few connections have a certificate.
    const { readClientCertificate } = await import('#shared/connections/client-certificate.ts');
    const { certificate, versionId } = await readClientCertificate(readSecret, certificateSecret);
    if (current?.versionId !== versionId) current = { versionId, http: connect({ clientCertificate: certificate }) };
    return current.http;
  };
};
