import type { RequestHeaders } from '#shared/http/request.ts';

/** Path of the Configuration API, which includes the Vault. */
export const CONFIGURATION = 'api/config/v1';

/** Path of the Reporting API. */
export const REPORTING = 'api/reporting';

/** The vendor demands a new connection for each call. */
export const CLOSED_AFTER: RequestHeaders = { connection: 'close' };
