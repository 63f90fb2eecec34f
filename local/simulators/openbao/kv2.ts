import type { Call, Fields } from './calls.ts';
import { integerIn, objectIn, textsIn } from './fields.ts';
import { listBelow, scanBelow } from './folders.ts';
import { readMetadata, writeMetadata } from './kv2-metadata.ts';
import type { Kv2 } from './kv2-state.ts';
import { applySettings, createSettings, type MountSettings } from './mount-settings.ts';
import type { Mount } from './namespaces.ts';
import { ABSENT, answer, NO_CONTENT, notWritable, type Reply, refusal, unsupported } from './replies.ts';
import { durationText, isReadable, StoredSecret, type Version } from './secrets.ts';
import type { Switches } from './switches.ts';

type Handle = (kv: Kv2, call: Call, path: string) => Reply;

const CAS_MISMATCH = 'check-and-set parameter did not match the current version';
const CAS_REQUIRED = 'check-and-set parameter required for this call';
const CAS_UNREADABLE = 'error parsing check-and-set parameter';

export const createKv2 = (switches: Switches, now: () => number): Mount => {
  const kv: Kv2 = { secrets: new Map(), settings: createSettings(), switches, now };
  return {
    version: 2,
    exists(path) {
      const [, kind, rest = ''] = /^(data|metadata)\/(.*)$/s.exec(path) ?? [];
      return kind === undefined || kv.secrets.has(rest);
    },
    handle(call, path) {
      const [, section = '', rest] = /^([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
      const isListing = call.operation === 'list' || call.operation === 'scan';
      const handle = HANDLERS[section];
      if (handle === undefined || (section === 'detailed-metadata' && switches.vault)) return invalidPath(switches);
      if (section === 'config') return handle(kv, call, '');
      if (rest === undefined && !isListing) return rootOperation();
      return handle(kv, call, rest ?? '');
    },
    *metadata() {
      for (const [path, { customMetadata }] of kv.secrets) yield [path, customMetadata ?? {}];
    },
    *currentValues() {
      for (const [path, secret] of kv.secrets) {
        const version = secret.versions.get(secret.currentVersion);
        if (version !== undefined && isReadable(version, now())) yield [path, version.fields ?? {}];
      }
    },
  };
};

const invalidPath = ({ vault }: Switches): Reply => {
  const [product, command] = vault ? ['Vault', 'vault'] : ['OpenBao', 'bao'];
  const use = `If using the ${product} CLI, use '${command} kv get' for this operation.`;
  return answer({
    status: 404,
    warnings: [
      `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. ${use}`,
    ],
  });
};

const rootOperation = (): Reply =>
  answer({ status: 404, warnings: ['Non-listing operations on the root of a K/V v2 mount are not supported.'] });

const data: Handle = (kv, call, path) => {
  switch (call.operation) {
    case 'read':
      return readData(kv, call, path);
    case 'update':
      return writeData(kv, call, path);
    case 'delete':
      return deleteLatest(kv, path);
    default:
      return unsupported();
  }
};

const readData = ({ secrets, now }: Kv2, { query }: Call, path: string): Reply => {
  const wanted = integerIn({ version: query.get('version') ?? undefined }, 'version', 'before the engine') ?? 0;
  const secret = secrets.get(path);
  const number = wanted === 0 ? (secret?.currentVersion ?? 0) : wanted;
  const version = secret?.versions.get(number);
  if (secret === undefined || version === undefined) return ABSENT;
  const metadata = secret.describe(number, version);
  if (!isReadable(version, now())) return answer({ status: 404, data: { data: null, metadata } });
  return answer({ data: { data: version.fields, metadata } });
};

const writeData = (kv: Kv2, { fields }: Call, path: string): Reply => {
  if (path === '' || path.endsWith('/')) return notWritable();
  if (fields === undefined || !Object.hasOwn(fields, 'data')) return refusal(400, 'no data provided');
  const value = objectIn(fields, 'data') ?? {};
  const options = objectIn(fields, 'options') ?? {};
  const existing = kv.secrets.get(path);
  const problem = casProblem(options, existing, kv.settings);
  if (problem !== undefined) return refusal(400, problem);
  const secret = existing ?? new StoredSecret(kv.now());
  kv.secrets.set(path, secret);
  const number = secret.add(value, kv.now(), kv.settings);
  const version = secret.versions.get(number);
  const ignored = Object.keys(fields).filter((name) => !['data', 'options', 'version'].includes(name));
  return answer({
    data: version && secret.describe(number, version),
    ...(ignored.length > 0 && {
      warnings: [`Endpoint ignored these unrecognized parameters: [${ignored.toSorted().join(' ')}]`],
    }),
  });
};

/** `null` counts as 0: only if the secret has no version yet. */
const casProblem = (options: Fields, secret: StoredSecret | undefined, ofMount: MountSettings): string | undefined => {
  if (!Object.hasOwn(options, 'cas')) {
    return ofMount.casRequired || secret?.settings.casRequired ? CAS_REQUIRED : undefined;
  }
  const cas = options['cas'] ?? 0;
  const isNumber = typeof cas === 'number' ? Number.isInteger(cas) : typeof cas === 'string' && /^-?\d+$/.test(cas);
  if (!isNumber) return CAS_UNREADABLE;
  return Number(cas) === (secret?.currentVersion ?? 0) ? undefined : CAS_MISMATCH;
};

const deleteLatest = ({ secrets, now }: Kv2, path: string): Reply => {
  const secret = secrets.get(path);
  const version = secret?.versions.get(secret.currentVersion);
  if (version !== undefined && isReadable(version, now())) version.deletedAt = now();
  return NO_CONTENT;
};

/** Changes the named versions of a secret that exist. Missing ones are ignored. */
const onVersions =
  (missing: string, change: (version: Version, now: number) => void) =>
  ({ secrets, now }: Kv2, { operation, fields = {} }: Call, path: string): Reply => {
    if (operation !== 'update') return unsupported();
    const numbers = textsIn(fields, 'versions').map(Number);
    if (numbers.length === 0) return refusal(400, missing);
    for (const number of numbers) {
      const version = secrets.get(path)?.versions.get(number);
      if (version !== undefined) change(version, now());
    }
    return NO_CONTENT;
  };

const config: Handle = ({ settings }, { operation, fields = {} }) => {
  if (operation === 'read') {
    return answer({
      data: {
        cas_required: settings.casRequired,
        delete_version_after: durationText(settings.deleteVersionAfterSeconds),
        max_versions: settings.maxVersions,
        metadata_cas_required: settings.metadataCasRequired,
      },
    });
  }
  if (operation !== 'update') return unsupported();
  applySettings(settings, fields);
  return NO_CONTENT;
};

const metadata: Handle = (kv, call, path) => {
  switch (call.operation) {
    case 'list':
      return listBelow(kv.secrets.keys(), path, call.query);
    case 'scan':
      return scanBelow(kv.secrets.keys(), path);
    case 'read':
      return readMetadata(kv, path);
    case 'delete':
      kv.secrets.delete(path);
      return NO_CONTENT;
    default:
      return writeMetadata(kv, call, path);
  }
};

const detailedMetadata: Handle = ({ secrets, switches }, call, path) => {
  const describe = (one: string) => secrets.get(one)?.metadata(switches.vault) ?? {};
  if (call.operation === 'list') return listBelow(secrets.keys(), path, call.query, describe);
  return call.operation === 'scan' ? scanBelow(secrets.keys(), path, describe) : unsupported();
};

const HANDLERS: Readonly<Record<string, Handle>> = {
  data,
  metadata,
  'detailed-metadata': detailedMetadata,
  config,
  delete: onVersions('No version number provided', (version, now) => {
    if (isReadable(version, now)) version.deletedAt = now;
  }),
  undelete: onVersions('No version number provided', (version) => {
    if (!version.destroyed) version.deletedAt = undefined;
  }),
  destroy: onVersions('no version number provided', (version) => {
    version.destroyed = true;
    version.fields = null;
  }),
};
