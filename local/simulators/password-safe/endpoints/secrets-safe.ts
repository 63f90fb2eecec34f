import { hash } from 'node:crypto';
import * as z from 'zod';
import type { Call } from '../calls.ts';
import { pageOf, withOddFields } from '../paging.ts';
import { formatDate, json, type Reply, refusal } from '../replies.ts';
import type { SecretState } from '../secrets-safe.ts';
import type { Session } from '../sessions.ts';
import type { Endpoint, Site } from '../site.ts';
import { refuseWithout } from './collections.ts';

const DEFAULT_PAGE = 1000;

const versionField = z.enum(['3.0', '3.1', '3.2']).default('3.0');

const listQuery = z.object({
  path: z.string().max(1798).optional(),
  title: z.string().max(256).optional(),
  separator: z.string().length(1).default('/'),
  afterdate: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
    .transform(Date.parse)
    .optional(),
  folderid: z.guid().toLowerCase().optional(),
  limit: z.coerce.number().int().min(1).default(DEFAULT_PAGE),
  offset: z.coerce.number().int().min(0).default(0),
  decrypt: z.stringbool().optional(),
  version: versionField,
});
type ListQuery = z.infer<typeof listQuery>;

/** The row of a secret. It contains the value only with `withValue`, and never for files. */
const secretRow = (
  { switches }: Site,
  secret: SecretState,
  { version, withValue }: { readonly version: ListQuery['version']; readonly withValue: boolean },
) => {
  const { row, type, value } = secret;
  const isFile = type === 'File';
  const modifiedOn = secret.modifiedAt === row.createdAt ? null : secret.modifiedAt;
  return withOddFields(switches, `secret ${row.secretId}`, {
    Id: row.secretId,
    Title: row.title,
    Description: secret.description,
    Username: type === 'Credential' ? row.username : null,
    Password: withValue && !isFile ? value : null,
    SecretType: type,
    FolderId: secret.folderId,
    Folder: row.folders.at(-1),
    FolderPath: secret.folderPath,
    CreatedOn: formatDate(row.createdAt, switches.dateFormat),
    CreatedBy: 'CORP\\alice',
    ModifiedOn: formatDate(modifiedOn, switches.dateFormat),
    ModifiedBy: modifiedOn === null ? null : 'CORP\\alice',
    Notes: row.notes,
    Urls: [],
    FileName: isFile ? row.title : null,
    FileHash: isFile ? hash('sha256', value) : null,
    ...(version === '3.0' && {
      OwnerId: 1,
      OwnerType: 'Group',
      Owner: 'Team',
      Owners: [{ OwnerId: 1, Owner: 'Team', Email: null }],
    }),
    ...(version !== '3.0' && { IsFavorite: false, Owners: [{ GroupId: 1, UserId: null, Name: 'Team', Email: null }] }),
    ...(version === '3.2' && { SecretValueModifiedOn: formatDate(secret.valueModifiedAt, switches.dateFormat) }),
  });
};

const refuse = (session: Session): Reply | undefined => refuseWithout(session, ['secrets-safe']);

const isAfter = ({ switches }: Site, { modifiedAt }: SecretState, afterDate: number): boolean =>
  switches.afterDate === 'later' ? modifiedAt > afterDate : modifiedAt >= afterDate;

const matches = (site: Site, secret: SecretState, query: ListQuery): boolean =>
  (query.path === undefined || secret.row.folders.join(query.separator).toLowerCase() === query.path.toLowerCase()) &&
  (query.title === undefined || secret.row.title.toLowerCase() === query.title.toLowerCase()) &&
  (query.folderid === undefined || secret.folderId === query.folderid) &&
  (query.afterdate === undefined || isAfter(site, secret, query.afterdate));

const listSecrets = {
  method: 'GET',
  template: 'Secrets-Safe/Secrets',
  kind: 'secrets',
  handle: (site, call, session): Reply => {
    const refused = refuse(session);
    if (refused !== undefined) return refused;
    const query = listQuery.safeParse(Object.fromEntries(call.query)).data;
    if (query === undefined) return refusal(400, 'A query parameter is invalid.');
    const found = site.secretsSafe.all.filter((secret) => matches(site, secret, query));
    const page = pageOf(found, query, site.switches);
    const withValue = query.decrypt ?? site.switches.decryptByDefault;
    const rows = page.map((secret) => secretRow(site, secret, { version: query.version, withValue }));
    const secretIds = withValue ? page.filter(({ type }) => type !== 'File').map(({ row }) => row.secretId) : [];
    const body = query.version === '3.2' ? { TotalCount: found.length, Data: rows } : rows;
    return { ...json(200, body), about: { secretIds } };
  },
} satisfies Endpoint;

const withSecret = (
  site: Site,
  { guids: [secretId = ''] }: Call,
  session: Session,
  act: (secret: SecretState) => Reply,
): Reply => {
  const refused = refuse(session);
  if (refused !== undefined) return refused;
  const secret = site.secretsSafe.byId(secretId);
  return secret === undefined ? refusal(404, 'Secret not found') : act(secret);
};

const withAudit = (reply: Reply, { row }: SecretState): Reply => ({ ...reply, about: { secretIds: [row.secretId] } });

const versionOf = (call: Call): ListQuery['version'] => versionField.catch('3.0').parse(call.query.get('version'));

const readCredential: Endpoint = {
  method: 'GET',
  template: 'Secrets-Safe/Secrets/{guid}',
  kind: 'secret',
  handle: (site, call, session) =>
    withSecret(site, call, session, (secret) =>
      withAudit(json(200, secretRow(site, secret, { version: versionOf(call), withValue: true })), secret),
    ),
};

const readText: Endpoint = {
  method: 'GET',
  template: 'Secrets-Safe/Secrets/{guid}/Text',
  kind: 'secret',
  handle: (site, call, session) =>
    withSecret(site, call, session, (secret) => {
      if (secret.type !== 'Text') return refusal(404, 'Secret not found');
      const row = secretRow(site, secret, { version: versionOf(call), withValue: false });
      return withAudit(json(200, { ...row, Text: secret.value }), secret);
    }),
};

/** Describes a file. `Download` returns its content. */
const describeFile: Endpoint = {
  method: 'GET',
  template: 'Secrets-Safe/Secrets/{guid}/File',
  kind: 'secrets',
  handle: (site, call, session) =>
    withSecret(site, call, session, (secret) =>
      secret.type === 'File'
        ? json(200, secretRow(site, secret, { version: versionOf(call), withValue: false }))
        : refusal(404, 'Secret not found'),
    ),
};

const downloadFile: Endpoint = {
  method: 'GET',
  template: 'Secrets-Safe/Secrets/{guid}/File/Download',
  kind: 'secret',
  handle: (site, call, session) =>
    withSecret(site, call, session, (secret) => {
      if (secret.type !== 'File') return refusal(404, 'Secret not found');
      const headers = { 'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(secret.row.title)}` };
      const contentType = 'application/octet-stream';
      return withAudit({ status: 200, body: Buffer.from(secret.value), contentType, headers }, secret);
    }),
};

const listFolderSecrets: Endpoint = {
  method: 'GET',
  template: 'Secrets-Safe/Folders/{guid}/Secrets',
  kind: 'secrets',
  handle: (site, call, session) => {
    const [folderId = ''] = call.guids;
    return listSecrets.handle(site, { ...call, query: new Map([...call.query, ['folderid', folderId]]) }, session);
  },
};

export const secretsSafeEndpoints: readonly Endpoint[] = [
  listSecrets,
  readCredential,
  readText,
  describeFile,
  downloadFile,
  listFolderSecrets,
];
