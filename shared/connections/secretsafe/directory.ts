import type { Directory, DirectorySession } from '#shared/connections/directory.ts';
import { openEvents } from '#shared/connections/secretsafe/events.ts';
import { openGroups } from '#shared/connections/secretsafe/groups.ts';
import { openMembers } from '#shared/connections/secretsafe/members.ts';
import { openOrganization } from '#shared/connections/secretsafe/organization.ts';
import { createServer, type Server } from '#shared/connections/secretsafe/server.ts';
import { openSession, type Session, type SessionOptions } from '#shared/connections/secretsafe/session.ts';

const openDirectorySession = (session: Session, server: Server): DirectorySession => {
  const directory: DirectorySession = {
    abilities: server.abilities,
    ...openMembers(session, server),
    ...openGroups(session, server),
    ...openOrganization(session),
    until: (time) => openDirectorySession(session.until(time), server),
    events: openEvents(session),
    // Imported on demand: few functions provision.
    resources: async () =>
      (await import('#shared/connections/secretsafe/resources/works.ts')).openResources(session, directory),
  };
  return directory;
};

/** Creates the directory for an organization. Facts about its API: reference sra-and-secretsafe-api.md, part B. */
export const createSecretSafe = (options: SessionOptions): Pick<Directory, 'session'> => ({
  async session(work) {
    const session = await openSession(options);
    return work(openDirectorySession(session, createServer(session)));
  },
});
