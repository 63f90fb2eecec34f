import type { Resources } from '#shared/connections/resource.ts';

/** A signed-in session of whatever provisions. */
export interface ProviderSession {
  /** Imports the code that provisions. Absent if nothing can be provisioned. */
  resources?(): Promise<Resources>;
}

/** Common part of a vault and a directory. */
export interface Provider {
  /** Ensures that sign-in works, and returns until when, UTC ISO 8601, if that is known. Repeatable. */
  ensureSignIn(): Promise<{ readonly expiresAt: string | null }>;
  /** Signs in and runs the work. One session for each invocation of a function. */
  session<T>(work: (session: ProviderSession) => Promise<T>): Promise<T>;
}
