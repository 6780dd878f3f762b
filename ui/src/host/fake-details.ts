// What else is said of a task, as the fake host keeps it.
import type { Command, DetailsView, Person, Role, TreeRow } from './bindings';
import { fakeId, type FakeTask } from './fake-world';

type Commands = Extract<Command, { kind: 'setDetail' | 'setElement' | 'addCheck' | 'setCheck' | 'tick' | 'takeOver' | 'repeat' }>;

const NOTHING: DetailsView = { said: [], contested: [], reviewers: [], asked: [], skills: [], relations: [], checks: [], claims: [], repeats: null, repeated: null };
const ORDER: readonly DetailsView['said'][number]['field'][] = ['why', 'start', 'notBefore', 'keepUntil', 'effort', 'helpWanted', 'places', 'kind', 'repeat'];
const LEASE_SECONDS = 7 * 86_400;

/** All that is said of a task. */
export function detailsOf(task: FakeTask): DetailsView {
  const heardOfSeconds = Math.floor(Date.now() / 1000);
  const claims = task.details?.claims ?? (task.claim === null ? [] : [{ person: task.claim, heardOfSeconds, lapsesSeconds: heardOfSeconds + LEASE_SECONDS }]);
  return { ...NOTHING, ...task.details, claims };
}

/** What its row shows of that. */
export function marksOf(details: DetailsView): Pick<TreeRow, 'blocked' | 'kind' | 'start' | 'helpWanted' | 'repeats' | 'checks' | 'checksDone'> {
  const said = <Field extends DetailsView['said'][number]['field']>(field: Field): Extract<DetailsView['said'][number], { field: Field }> | undefined =>
    details.said.find((detail): detail is Extract<DetailsView['said'][number], { field: Field }> => detail.field === field);
  return {
    blocked: details.relations.some((other) => other.relation === 'waitsFor' && !other.pointsHere && other.status !== 'done' && other.status !== 'dropped'),
    kind: said('kind')?.value ?? 'task', start: said('start')?.value ?? null, helpWanted: said('helpWanted')?.value ?? false, repeats: (said('repeat')?.value ?? null) !== null,
    checks: details.checks.length, checksDone: details.checks.filter((check) => check.done).length,
  };
}

/** Carries one out; whether anything changed. */
export function sayDetail(task: FakeTask, tasks: readonly FakeTask[], command: Commands, me: Person, people: readonly Person[], roles: readonly Role[]): boolean {
  const details = detailsOf(task);
  switch (command.kind) {
    case 'setDetail': {
      const { field, value } = command.detail;
      const empty = value === null || value === '' || value === 0 || value === false || (field === 'places' && value === 1) || (field === 'kind' && value === 'task');
      const said = [...details.said.filter((detail) => detail.field !== field), ...(empty ? [] : [command.detail])].sort((a, b) => ORDER.indexOf(a.field) - ORDER.indexOf(b.field));
      task.details = { ...details, said, contested: details.contested.filter((detail) => detail.field !== field) };
      return true;
    }
    case 'setElement': {
      const { element, there } = command;
      const wanted = <Each>(list: readonly Each[], is: (each: Each) => boolean, made: Each | undefined): Each[] => (there && made !== undefined ? [...list.filter((each) => !is(each)), made] : list.filter((each) => !is(each)));
      if (element.kind === 'reviewer') task.details = { ...details, reviewers: wanted(details.reviewers, (each) => each.member === element.member, people.find((each) => each.member === element.member)) };
      else if (element.kind === 'asked') task.details = { ...details, asked: wanted(details.asked, (each) => each.id === element.role, roles.find((each) => each.id === element.role)) };
      else if (element.kind === 'skill') task.details = { ...details, skills: wanted(details.skills, (each) => each === element.skill, element.skill) };
      else {
        const other = tasks.find((each) => each.task === element.task);
        task.details = { ...details, relations: wanted(details.relations, (each) => each.task === element.task && each.relation === element.relation, { relation: element.relation, task: element.task, pointsHere: false, title: other?.title ?? null, status: other?.status ?? null }) };
      }
      return true;
    }
    case 'addCheck':
      task.details = { ...details, checks: [...details.checks, { check: fakeId(8, `check ${task.task} ${details.checks.length} ${command.text}`), text: command.text.trim(), done: false }] };
      return true;
    case 'setCheck': {
      const checks = details.checks.flatMap((check) => (check.check !== command.check ? [check] : command.text === '' ? [] : [{ ...check, text: command.text }]));
      task.details = { ...details, checks };
      return true;
    }
    case 'tick':
      task.details = { ...details, checks: details.checks.map((check) => (check.check === command.check ? { ...check, done: command.done } : check)) };
      return details.checks.some((check) => check.check === command.check && check.done !== command.done);
    case 'takeOver': {
      const heardOfSeconds = Math.floor(Date.now() / 1000);
      task.claim = me;
      task.details = { ...details, claims: [{ person: me, heardOfSeconds, lapsesSeconds: heardOfSeconds + LEASE_SECONDS }] };
      return true;
    }
    case 'repeat': return false;
  }
}
