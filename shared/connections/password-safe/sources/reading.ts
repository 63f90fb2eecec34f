import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Rotation } from '#shared/connections/rotation.ts';
import type { Access, ItemPage, Preparation, Source } from '#shared/connections/vault.ts';
import type { Item, Labels } from '#shared/domain/item.ts';

/** Lists and reads one source in a session. The port `Vault` documents the calls. */
export interface SourceReading {
  list(session: Session, source: Source, within: Labels): AsyncIterable<ItemPage>;
  /** Absent if items cannot be addressed individually. */
  find?(session: Session, source: Source, labels: Labels): Promise<Item | 'none' | 'several'>;
  access(session: Session, source: Source, expected: readonly Item[]): Access;
  prepare?(): Preparation;
  /** Absent if the vault does not change such credentials. */
  rotation?(session: Session, source: Source, relayUsers: readonly string[]): Rotation;
}
