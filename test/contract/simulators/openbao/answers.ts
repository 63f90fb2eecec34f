import { expect } from 'vitest';
import type { Answer } from './bench.ts';

/** Time with nanoseconds, of which Go drops zeros at the end. */
const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);

/** The envelope of every answer with content. */
export const answered = (content: {
  readonly status?: number;
  readonly data?: unknown;
  readonly auth?: unknown;
  readonly warnings?: readonly string[];
  readonly leaseSeconds?: number;
}): Answer => ({
  status: content.status ?? 200,
  body: {
    request_id: expect.any(String),
    lease_id: '',
    renewable: false,
    lease_duration: content.leaseSeconds ?? 0,
    data: content.data ?? null,
    wrap_info: null,
    warnings: content.warnings ?? null,
    auth: content.auth ?? null,
  },
});

export const refused = (status: number, ...errors: readonly string[]): Answer => ({ status, body: { errors } });

export const NO_CONTENT: Answer = { status: 204, body: '' };
export const ABSENT = refused(404);
export const CAS_MISMATCH = refused(400, 'check-and-set parameter did not match the current version');
/** Without a valid token. */
export const UNAUTHENTICATED = refused(403, 'permission denied');
/** With a valid token that lacks the right. */
export const DENIED = refused(403, '1 error occurred:\n\t* permission denied\n\n');

interface VersionShape {
  readonly deleted?: true;
  readonly destroyed?: true;
  readonly custom?: Readonly<Record<string, string>>;
}

/** A version in an answer about data. */
const version = (number: number, { deleted, destroyed, custom }: VersionShape = {}) => ({
  created_time: TIME,
  custom_metadata: custom ?? null,
  deletion_time: deleted ? TIME : '',
  destroyed: destroyed ?? false,
  version: number,
});

/** The answer to a write of data. */
export const written = (number: number, shape: VersionShape = {}): Answer => answered({ data: version(number, shape) });

/** The answer to a read of data. */
export const read = (data: unknown, number: number, shape: VersionShape = {}): Answer =>
  answered({ data: { data, metadata: version(number, shape) } });

/** The answer to a read of a version that is deleted or destroyed. */
export const gone = (number: number, shape: VersionShape): Answer =>
  answered({ status: 404, data: { data: null, metadata: version(number, shape) } });

interface MetadataShape extends VersionShape {
  readonly current: number;
  /** Numbers of the versions that are left. Default: all. */
  readonly left?: readonly number[];
  readonly changes?: number;
  readonly oldest?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The metadata of a secret. */
export const metadata = ({ current, left, changes = 0, oldest = 0, custom, settings = {} }: MetadataShape) => ({
  cas_required: false,
  created_time: TIME,
  current_metadata_version: changes,
  current_version: current,
  custom_metadata: custom ?? null,
  delete_version_after: '0s',
  max_versions: 0,
  metadata_cas_required: false,
  oldest_version: oldest,
  updated_time: TIME,
  versions: Object.fromEntries(
    (left ?? Array.from({ length: current }, (_, index) => index + 1)).map((number) => [
      number,
      { created_time: TIME, deletion_time: '', destroyed: false },
    ]),
  ),
  ...settings,
});
