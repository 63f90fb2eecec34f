import type { Call } from './calls.ts';
import { checkCustomMetadata } from './custom-metadata.ts';
import { integerIn, objectIn } from './fields.ts';
import type { Kv2 } from './kv2-state.ts';
import { applySettings } from './mount-settings.ts';
import { ABSENT, answer, NO_CONTENT, notWritable, type Reply, refusal, unsupported } from './replies.ts';
import { StoredSecret } from './secrets.ts';

const CAS_MISMATCH = 'metadata check-and-set parameter does not match the current version';
const CAS_REQUIRED = 'metadata check-and-set parameter required for this call';

export const readMetadata = ({ secrets, switches }: Kv2, path: string): Reply => {
  const secret = secrets.get(path);
  return secret === undefined ? ABSENT : answer({ data: secret.metadata(switches.vault) });
};

const SETTINGS = ['custom_metadata', 'max_versions', 'cas_required', 'delete_version_after', 'metadata_cas_required'];

/**
 * A write of any setting creates the metadata of a missing secret, and replaces the custom metadata. A patch merges
 * into both.
 */
export const writeMetadata = (kv: Kv2, { operation, fields = {} }: Call, path: string): Reply => {
  const isPatch = operation === 'patch';
  if (operation !== 'update' && !isPatch) return unsupported();
  if (path === '' || path.endsWith('/')) return notWritable();
  const validation = isPatch ? 'before the engine' : 'by the engine';
  if (!isPatch && !SETTINGS.some((name) => Object.hasOwn(fields, name))) return NO_CONTENT;
  const given = objectIn(fields, 'custom_metadata', validation);
  const cas = integerIn(fields, 'metadata_cas', validation);
  const checked = given && checkCustomMetadata(given);
  const existing = kv.secrets.get(path);
  // The answer has no body, unlike that of a read.
  if (existing === undefined && isPatch) return { status: 404 };
  const secret = existing ?? new StoredSecret(kv.now());
  const problem = kv.switches.vault ? undefined : casProblem(kv, secret, cas);
  if (problem !== undefined) return refusal(400, problem);
  applySettings(secret.settings, fields);
  if (checked === null) secret.customMetadata = null;
  if (checked !== undefined && checked !== null) {
    secret.customMetadata = merged(isPatch ? secret.customMetadata : null, checked);
  }
  secret.metadataVersion += 1;
  secret.updatedAt = kv.now();
  kv.secrets.set(path, secret);
  return NO_CONTENT;
};

const casProblem = ({ settings }: Kv2, secret: StoredSecret, cas: number | undefined): string | undefined => {
  if (cas === undefined) {
    return settings.metadataCasRequired || secret.settings.metadataCasRequired ? CAS_REQUIRED : undefined;
  }
  return cas === secret.metadataVersion ? undefined : CAS_MISMATCH;
};

const merged = (
  current: Readonly<Record<string, string>> | null,
  changes: ReadonlyMap<string, string | null>,
): Readonly<Record<string, string>> | null => {
  const all = new Map<string, string | null>([...Object.entries(current ?? {}), ...changes]);
  const kept = [...all].flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  return kept.length === 0 ? null : Object.fromEntries(kept);
};
