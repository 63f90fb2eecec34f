import type { Actor, Carried } from '#shared/directory/actor.ts';
import { changeGroup, createGroup, emptyGroup, removeGroup, savePolicy } from '#shared/directory/groups.ts';
import { heedMessage, removeMember, restoreMember, revokeMember, settlePerson } from '#shared/directory/leavers.ts';
import {
  changeGroups,
  changeMember,
  followInvitation,
  inviteMember,
  reinviteMember,
} from '#shared/directory/members.ts';
import type { Step } from '#shared/domain/directory/steps.ts';

/**
 * Carries out one step: written into the journal first, and with the person held. Raises the errors of the directory
 * and of the records, and `LimitReached` while another process works on the person. Repeatable: a step that is done is
 * not repeated.
 */
export const carryOut = (actor: Actor, step: Step): Promise<Carried> => {
  switch (step.kind) {
    case 'invite':
      return inviteMember(actor, step);
    case 'change-member':
      return changeMember(actor, step);
    case 'change-groups':
      return changeGroups(actor, step);
    case 'reinvite':
      return reinviteMember(actor, step);
    case 'follow-invitation':
      return followInvitation(actor, step);
    case 'revoke':
      return revokeMember(actor, step);
    case 'restore':
      return restoreMember(actor, step);
    case 'remove':
      return removeMember(actor, step);
    case 'heed':
      return heedMessage(actor, step);
    case 'settle':
      return settlePerson(actor, step);
    case 'create-group':
      return createGroup(actor, step);
    case 'change-group':
      return changeGroup(actor, step);
    case 'empty-group':
      return emptyGroup(actor, step);
    case 'remove-group':
      return removeGroup(actor, step);
    case 'save-policy':
      return savePolicy(actor, step);
  }
};
