import type { Reply } from '../../common/replies.ts';
import { activityRows, type Rows } from '../activity-report.ts';
import type { Permissions } from '../api-accounts.ts';
import type { CallKind } from '../audit.ts';
import type { Call } from '../calls.ts';
import { text } from '../replies.ts';
import { sessionRows } from '../session-report.ts';
import type { ApiEndpoint, Caller, Site } from '../site.ts';
import type { Switches } from '../switches.ts';
import { report, reportError } from '../xml.ts';

interface Report {
  readonly kind: CallKind;
  readonly list: string;
  readonly product?: Switches['product'];
  readonly isPermitted: (permissions: Permissions) => boolean;
  readonly rows: (site: Site, parameters: URLSearchParams) => Rows;
}

const SESSIONS = {
  kind: 'sessionReport',
  list: 'session_list',
  isPermitted: ({ reportingSession }: Permissions) => reportingSession,
  rows: sessionRows,
} as const;

/** By the value of `generate_report`. Remote Support names its sessions after itself. */
const REPORTS: ReadonlyMap<string, Report> = new Map<string, Report>([
  [
    'VaultAccountActivity',
    {
      kind: 'activityReport',
      list: 'vault_account_activity_list',
      isPermitted: ({ reportingVault }) => reportingVault,
      rows: activityRows,
    },
  ],
  ['AccessSession', { ...SESSIONS, product: 'pra' }],
  ['SupportSession', { ...SESSIONS, product: 'rs' }],
]);

/** The query of a GET, or the form of a POST. */
const parametersOf = ({ method, query, body }: Call): URLSearchParams =>
  method === 'POST' ? new URLSearchParams(body) : query;

const reportOf = (call: Call): Report | undefined => REPORTS.get(parametersOf(call).get('generate_report') ?? '');

/** The answer of a site that does not let a caller see that there are reports. */
const noSuchDocument = ({ switches }: Site): Reply =>
  switches.reportRefusal === 200
    ? reportError('Document not found.', switches, 'error_list')
    : text(switches.reportRefusal, '<html><body><h1>Document not found</h1></body></html>');

const generate = (site: Site, call: Call, { account: { permissions } }: Caller): Reply => {
  const { switches } = site;
  if (call.headers['content-type']?.includes('multipart') === true) {
    return reportError('Multipart forms are not supported.', switches, 'error_list');
  }
  const wanted = reportOf(call);
  if (wanted === undefined || (wanted.product ?? switches.product) !== switches.product) {
    return reportError('The report is unknown.', switches, 'error_list');
  }
  if (!wanted.isPermitted(permissions)) return noSuchDocument(site);
  const rows = wanted.rows(site, parametersOf(call));
  return typeof rows === 'string' ? reportError(rows, switches, wanted.list) : report(wanted.list, rows, switches);
};

const endpoint = (method: 'GET' | 'POST'): ApiEndpoint => ({
  method,
  template: 'api/reporting',
  kind: (call) => reportOf(call)?.kind ?? 'report',
  isPermitted: (_permissions, { switches }) => switches.xmlApi === 'on',
  refuse: noSuchDocument,
  parameters: undefined,
  handle: generate,
});

export const reportingEndpoints: readonly ApiEndpoint[] = [endpoint('GET'), endpoint('POST')];
