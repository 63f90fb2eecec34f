import type { Fields } from './calls.ts';
import { flagIn, integerIn, secondsIn } from './fields.ts';

/** Settings of a mount of KV version 2, and of one secret in it. */
export interface MountSettings {
  casRequired: boolean;
  /** 0: the default. */
  maxVersions: number;
  /** 0: never. */
  deleteVersionAfterSeconds: number;
  metadataCasRequired: boolean;
}

export const createSettings = (): MountSettings => ({
  casRequired: false,
  maxVersions: 0,
  deleteVersionAfterSeconds: 0,
  metadataCasRequired: false,
});

export const applySettings = (settings: MountSettings, fields: Fields): void => {
  settings.casRequired = flagIn(fields, 'cas_required') ?? settings.casRequired;
  settings.metadataCasRequired = flagIn(fields, 'metadata_cas_required') ?? settings.metadataCasRequired;
  settings.maxVersions = integerIn(fields, 'max_versions') ?? settings.maxVersions;
  settings.deleteVersionAfterSeconds = secondsIn(fields, 'delete_version_after') ?? settings.deleteVersionAfterSeconds;
};
