import type { SyncConfig } from '#shared/config/schema.ts';
import { createRendering, type Rendering } from '#shared/domain/rendering.ts';

/** What follows from a sync's source and access, for every step that has to know. */

/** Whether it reads through requests, which have to be given back; by the ISA role and in Secrets Safe there are none. */
export const opensRequests = (sync: SyncConfig): boolean =>
  sync.source === 'aliases' || (sync.source === 'accounts' && sync.access === 'request');

/** How it writes a value around what it reads. */
export const renderingOf = (sync: SyncConfig): Rendering =>
  createRendering(sync.value, sync.source === 'secrets-safe' ? {} : { kind: sync.credential });
