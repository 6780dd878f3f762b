// English for what one can start with: what each kind of group is, and the tasks it begins with. The rules themselves come from the node.
import type { Template } from '../host/bindings';

/** A task that a founder begins with. */
export type StarterTask = { title: string; body: string };

/** What is said of a template. */
export type TemplateWords = {
  name: string;
  about: string;
  /** What its rules come to, in a few lines. */
  rules: readonly string[];
  /** What this version does not do for it, where somebody could rely on it. */
  caution: string;
  /** The role that founders hold, for more than one. */
  founders: string;
  tasks: readonly StarterTask[];
};

const conduct: StarterTask = {
  title: 'Code of conduct',
  body: 'Change it until everybody can agree to it. Number what you add, so that it can be cited.\n\n1. Nobody is pressed to do something, or to say who they are.\n2. What is said here stays here, unless everybody it concerns agrees.\n3. Who is in trouble, or thinks somebody else is, says so at once.\n4. Disagreement is about what was done, not about who somebody is.\n5. Whoever breaks these is told so with the number, first by one person, then by the group.',
};

function three(role: string): StarterTask {
  return {
    title: `Be three: find two more ${role}`,
    body: `While there is one, nobody else can change the rules. If that one is arrested, loses the computer or gives up, the group is stuck; and nobody can remove them.\n\nWith three, two can act when the third cannot, and two can remove the third.\n\n1. Choose people whom you know from outside, who do not live or travel together.\n2. Invite them, compare the four words with each, and vouch for them or let them in.\n3. Give them the role.`,
  };
}

function charter(lines: readonly string[]): StarterTask {
  return { title: 'Charter', body: ['What we have agreed on, beside the rules that every app holds to. Cite a line by its number.', '', ...lines.map((line, index) => `${index + 1}. ${line}`)].join('\n') };
}

/** By template. */
export const templates: Record<Template, TemplateWords> = {
  plain: {
    name: 'Organisers and members',
    about: 'The least. Good for trying things out.',
    rules: [
      'Everyone can read all tasks, create, take, comment, end, and edit their own.',
      'Organisers, which you are, also ask others to do tasks, edit any task, invite members and set the relays.',
      'More than half of the organisers decide about organisers.',
    ],
    caution: '',
    founders: 'organisers',
    tasks: [],
  },
  affinityGroup: {
    name: 'Affinity group',
    about: 'A flat group of people who know each other.',
    rules: [
      'Members do everything with tasks. Visitors suggest, take and comment.',
      'Any member invites members and visitors.',
      'Two members remove a member. Three change the rules, and never fewer than half.',
    ],
    caution: 'Until you are three members, nobody can change the rules.',
    founders: 'members',
    tasks: [
      three('members'),
      charter(['We decide by talking first and by signing after.', 'Visitors become members when two members say so.', 'Who has not been heard of for three months is asked, then removed.', 'What we publish is agreed by all who took part.']),
      conduct,
      { title: 'Agree on what to do when somebody is arrested', body: '1. Who notices removes them here, at once: it can be undone.\n2. Who does not know them outside says nothing about them.\n3. Somebody finds a lawyer. Write the number down on paper now.' },
    ],
  },
  leakDesk: {
    name: 'Leak desk',
    about: 'Intake, verification, redaction and publishing, each with its own role.',
    rules: [
      'No role both knows the source’s thread and publishes. Stewards do not read intake.',
      'Redactions and checks are finished only after another verifier found them good. Two publishers agree before anything is finished.',
      'Stewards give roles; more than half of them decide about stewards and rules.',
    ],
    caution: 'A task is read by every member, unless you make it for a desk: write @@ and the desk’s name. It cannot be moved to a desk later.',
    founders: 'stewards',
    tasks: [
      three('stewards'),
      charter(['Nobody asks who a source is.', 'Nothing is published that two verifiers have not checked.', 'What could identify a person who has no power is redacted.', 'The person concerned is asked before publication, unless that endangers somebody.']),
      conduct,
      { title: 'Say what each desk needs from the one before', body: '' },
    ],
  },
  volunteerCampaign: {
    name: 'Volunteer campaign',
    about: 'Many hands, few of them known. People come by links.',
    rules: [
      'Newcomers take tasks, comment, and suggest new ones. Volunteers also create them.',
      'Coordinators keep the list, ask people to do things, and let newcomers in.',
      'Organisers give roles and remove; more than half of them change rules and decide about organisers.',
    ],
    caution: 'Newcomers can read every task that is not made for organisers: write @@organiser for those.',
    founders: 'organisers',
    tasks: [
      three('organisers'),
      charter(['Newcomers get a first task within a day.', 'Nobody is asked for more hours than they offered.', 'Coordinators answer within two days, or say that they cannot.', 'Who is removed is told the line they broke.']),
      conduct,
      { title: 'Write three first tasks that need no knowledge', body: 'Something that can be done in an hour, with what a newcomer can read, and that somebody will thank them for.' },
      { title: 'Make a link for newcomers and say where it may be shown', body: 'Whoever has the link can read the names, the rules, and after the join all tasks. Use few uses, or let people in one by one.' },
    ],
  },
  openCall: {
    name: 'Open call',
    about: 'Anybody may call; a few take up what fits; helpers do it.',
    rules: [
      'Callers suggest and comment. Helpers take tasks and finish them.',
      'Triage takes suggestions up, asks helpers, and lets people in.',
      'Stewards give roles and remove; more than half of them change rules and decide about stewards.',
    ],
    caution: 'Callers can read every task, too.',
    founders: 'stewards',
    tasks: [
      three('stewards'),
      charter(['Each call is answered: taken up, passed on, or turned down with a reason.', 'What a caller tells stays between them, triage and who helps.', 'Helpers say when they cannot.']),
      conduct,
      { title: 'Say what kind of calls we take up, and what we pass on', body: '' },
    ],
  },
};

/** In the order in which they are offered. */
export const TEMPLATES: readonly Template[] = ['plain', 'affinityGroup', 'volunteerCampaign', 'openCall', 'leakDesk'];
