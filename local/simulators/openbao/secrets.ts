import type { Fields } from './calls.ts';
import { createSettings, type MountSettings } from './mount-settings.ts';
import { nanosecondTime } from './times.ts';

/** Number of versions that a secret keeps unless it or its mount says otherwise. */
const DEFAULT_MAX_VERSIONS = 10;

export interface Version {
  readonly createdAt: number;
  /** Time of its deletion, also in the future; undefined if it has none. */
  deletedAt: number | undefined;
  destroyed: boolean;
  fields: Fields | null;
}

/** A secret of KV version 2: its versions and its metadata. */
export class StoredSecret {
  readonly versions = new Map<number, Version>();
  readonly createdAt: number;
  updatedAt: number;
  currentVersion = 0;
  oldestVersion = 0;
  customMetadata: Readonly<Record<string, string>> | null = null;
  metadataVersion = 0;
  readonly settings = createSettings();

  constructor(now: number) {
    this.createdAt = now;
    this.updatedAt = now;
  }

  /** Adds a version and forgets those beyond the maximum. */
  add(fields: Fields, now: number, ofMount: MountSettings): number {
    const after = this.settings.deleteVersionAfterSeconds || ofMount.deleteVersionAfterSeconds;
    this.currentVersion += 1;
    this.updatedAt = now;
    this.versions.set(this.currentVersion, {
      createdAt: now,
      deletedAt: after === 0 ? undefined : now + after * 1000,
      destroyed: false,
      fields,
    });
    this.#trim(this.settings.maxVersions || ofMount.maxVersions || DEFAULT_MAX_VERSIONS);
    return this.currentVersion;
  }

  /** The state of a version, in the words of the API. */
  describe(number: number, version: Version) {
    return {
      created_time: nanosecondTime(version.createdAt),
      custom_metadata: this.customMetadata,
      deletion_time: timeOrNone(version.deletedAt),
      destroyed: version.destroyed,
      version: number,
    };
  }

  /** HashiCorp Vault has no version of the metadata. */
  metadata(isVault: boolean) {
    const { casRequired, deleteVersionAfterSeconds, maxVersions, metadataCasRequired } = this.settings;
    return {
      cas_required: casRequired,
      created_time: nanosecondTime(this.createdAt),
      ...(!isVault && { current_metadata_version: this.metadataVersion }),
      current_version: this.currentVersion,
      custom_metadata: this.customMetadata,
      delete_version_after: durationText(deleteVersionAfterSeconds),
      max_versions: maxVersions,
      ...(!isVault && { metadata_cas_required: metadataCasRequired }),
      oldest_version: this.oldestVersion,
      updated_time: nanosecondTime(this.updatedAt),
      versions: Object.fromEntries(
        [...this.versions].map(([number, { createdAt, deletedAt, destroyed }]) => [
          number,
          { created_time: nanosecondTime(createdAt), deletion_time: timeOrNone(deletedAt), destroyed },
        ]),
      ),
    };
  }

  #trim(maxVersions: number): void {
    const oldest = this.currentVersion - maxVersions + 1;
    if (oldest <= 1) return;
    this.oldestVersion = oldest;
    for (const number of [...this.versions.keys()]) if (number < oldest) this.versions.delete(number);
  }
}

/** True if the version can be read. */
export const isReadable = ({ deletedAt, destroyed }: Version, now: number): boolean =>
  !destroyed && (deletedAt === undefined || deletedAt > now);

const timeOrNone = (ms: number | undefined): string => (ms === undefined ? '' : nanosecondTime(ms));

/** Go's text for a duration of whole seconds. */
export const durationText = (seconds: number): string => {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
};
