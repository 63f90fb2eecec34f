import { hash } from 'node:crypto';
import { canaryFor } from './credential-shapes.ts';

/** Form of a secret's value. All except `credential` and `text` break a relay that mishandles them. */
export type SecretShape =
  | 'credential'
  | 'quoted-credential'
  | 'text'
  | 'crlf-text'
  | 'file'
  | 'large-file'
  | 'largest-file'
  /** A secret of a type that newer versions may add and the relay does not support. */
  | 'unknown';

/** Initial state of a secret. */
export interface SimulatedSecret {
  readonly secretId: string;
  readonly title: string;
  readonly username: string;
  /** From the safe downwards. A name can contain a slash, which then looks like another folder. */
  readonly folders: readonly string[];
  readonly shape: SecretShape;
  readonly notes: string | null;
  readonly createdAt: number;
}

export type SecretType = 'Credential' | 'Text' | 'File' | 'Certificate';

const TYPES: Record<SecretShape, SecretType> = {
  credential: 'Credential',
  'quoted-credential': 'Credential',
  text: 'Text',
  'crlf-text': 'Text',
  file: 'File',
  'large-file': 'File',
  'largest-file': 'File',
  unknown: 'Certificate',
};

/** The vault's limit for files (reference: 2.7), and a size just above the limit of AWS Secrets Manager. */
const MAX_FILE_BYTES = 5_000_000;
const LARGE_FILE_BYTES = 65_537;

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const fileOf = (canary: string, length: number): Buffer =>
  Buffer.concat([EVERY_BYTE, Buffer.from(canary), Buffer.alloc(length - EVERY_BYTE.length - canary.length, 0x80)]);

const RENDER: Record<SecretShape, (canary: string) => string | Buffer> = {
  credential: (canary) => `Aa1!${canary}`,
  'quoted-credential': (canary) => `"${canary}'\\{credential}`,
  text: (canary) => `connection=${canary}`,
  'crlf-text': (canary) => `\ufefffirst "line"\r\n${canary}\r\n\tünïcödé 田中 🔑\r\n`,
  file: (canary) => Buffer.concat([EVERY_BYTE, Buffer.from(canary), EVERY_BYTE.toReversed()]),
  'large-file': (canary) => fileOf(canary, LARGE_FILE_BYTES),
  'largest-file': (canary) => fileOf(canary, MAX_FILE_BYTES),
  unknown: (canary) => canary,
};

/** Current state of a secret. */
export class SecretState {
  readonly row: SimulatedSecret;
  readonly type: SecretType;
  readonly #seed: number;
  #generation = 0;
  valueModifiedAt: number;
  modifiedAt: number;
  description = '';

  constructor(row: SimulatedSecret, seed: number) {
    this.row = row;
    this.type = TYPES[row.shape];
    this.#seed = seed;
    this.valueModifiedAt = row.createdAt;
    this.modifiedAt = row.createdAt;
  }

  get folderId(): string {
    return folderIdOf(this.row.folders);
  }

  get folderPath(): string {
    return this.row.folders.join('/');
  }

  /** Contains a canary. So do the notes. */
  get value(): string | Buffer {
    const number = Number.parseInt(hash('sha256', this.row.secretId).slice(0, 12), 16);
    return RENDER[this.row.shape](canaryFor(this.#seed, number, this.#generation));
  }

  change(at: number): void {
    this.#generation += 1;
    this.valueModifiedAt = at;
    this.modifiedAt = at;
  }

  describe(description: string, at: number): void {
    this.description = description;
    this.modifiedAt = at;
  }
}

/** The contents of Secrets Safe, and the actions of people in it. */
export class SecretsSafe {
  readonly #now: () => number;
  #secrets: readonly SecretState[];

  constructor(secrets: readonly SimulatedSecret[], seed: number, now: () => number) {
    this.#now = now;
    this.#secrets = secrets.map((row) => new SecretState(row, seed));
  }

  get all(): readonly SecretState[] {
    return this.#secrets;
  }

  byId(secretId: string): SecretState | undefined {
    return this.#secrets.find(({ row }) => row.secretId === secretId);
  }

  /** A person saves another value. `at` defaults to now. */
  change(secretId: string, at: number = this.#now()): void {
    this.#required(secretId).change(at);
  }

  /** A person changes only the description. */
  describe(secretId: string, description: string): void {
    this.#required(secretId).describe(description, this.#now());
  }

  remove(secretId: string): void {
    this.#secrets = this.#secrets.filter(({ row }) => row.secretId !== secretId);
  }

  #required(secretId: string): SecretState {
    const secret = this.byId(secretId);
    if (secret === undefined) throw new RangeError(`There is no secret ${secretId}.`);
    return secret;
  }
}

/** The id of a folder, by its names from the safe downwards. */
export const folderIdOf = (path: readonly string[]): string => guidOf(`folder ${JSON.stringify(path)}`);

/** Derives a GUID from a text. */
export const guidOf = (text: string): string =>
  hash('sha256', text)
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
