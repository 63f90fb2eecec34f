/** A response before it is written. `body` is the exact text, the bytes of a file, or null for no body. */
export interface Reply {
  readonly status: number;
  readonly body: string | Uint8Array | null;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** Replies of a site that declares its JSON with this content type. */
export const jsonReplies = (contentType: string) => ({
  json: (status: number, value: unknown, headers: Reply['headers'] = {}): Reply => ({
    status,
    body: JSON.stringify(value),
    contentType,
    headers,
  }),
  empty: (status: number, headers: Reply['headers'] = {}): Reply => ({ status, body: null, contentType, headers }),
});
