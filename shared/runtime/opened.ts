import type { Gate } from '#shared/limits/gate.ts';

/** Opened connections of a process. */

type Open<T> = (connection: string, callers: number) => Promise<T>;

/** Opens each connection once for each number of callers. */
export const once = <T>(open: Open<T>): ((connection: string, callers?: number) => Promise<T>) => {
  const opened = new Map<string, Promise<T>>();
  return (connection, callers = 1) => {
    const key = `${connection}/${callers}`;
    const known = opened.get(key) ?? open(connection, callers);
    opened.set(key, known);
    return known;
  };
};

interface Usable<Session> {
  ensureSignIn(): Promise<{ readonly expiresAt: string | null }>;
  session<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

/** Returns the function's share of the limits after each use of the vault or directory. */
export const releasing = <Session, Opened extends Usable<Session>>(
  opened: Opened & Usable<Session>,
  gate: Gate,
): Opened & Usable<Session> => {
  let uses = 0;
  const using = async <T>(use: () => Promise<T>): Promise<T> => {
    uses++;
    try {
      return await use();
    } finally {
      uses--;
      // A share that cannot be returned expires.
      if (uses === 0) await gate.release().catch(() => {});
    }
  };
  return {
    ...opened,
    ensureSignIn: () => using(() => opened.ensureSignIn()),
    session: (work) => using(() => opened.session(work)),
  };
};
