// One pursuance of the fake host: its rules decide as the real ones would, its views are made of its tasks.
import type { Cannot, Command, Delivery, Person, Query, Readers, Refusal, RelayView, Reply, TaskView, TreeView, Trouble, Verb, View } from './bindings';
import { devicesView, remove } from './fake-computers';
import { historyView, ownView } from './fake-own';
import { weeksView } from './fake-weeks';
import { carryOut, could, effects, governs, inbox } from './fake-people';
import { logView, rulesDraft, rulesView, tryRule } from './fake-rules';
import { detailsOf, sayDetail } from './fake-details';
import { rowIn, shownRows, treePage, type TreeQuery } from './fake-tree';
import { couldMany, listPage, meant } from './fake-work';
import { fakeId, fakeQr, newTask, type FakePursuance, type FakeTask } from './fake-world';

const MAX_TITLE_BYTES = 1_000;
const MAX_PRIORITY = 4;
const VERBS: readonly Verb[] = ['invite', 'amend', 'suggest', 'create', 'claim', 'assign', 'edit', 'comment', 'finish', 'review', 'reopen', 'file', 'label', 'widen'];

/** A refusal as a host throws it. */
export function refused(refusal: Refusal): Trouble {
  return { code: 'refused', refusal };
}

/** A pursuance with its rules. */
export class FakeGroup {
  readonly data: FakePursuance;
  #count = 0;

  constructor(data: FakePursuance) {
    this.data = data;
    // Everybody holds each role by some grant.
    data.members = data.members.map((member) => ({
      ...member, grants: member.roles.map((role, at) => member.grants[at] ?? { entry: fakeId(32, `grant ${member.person.member} ${role.id}`), op: 0 }), givenBy: member.roles.map((_, at) => member.givenBy[at] ?? []),
    }));
  }

  /** Me in it. */
  get me(): Person {
    return (this.data.members.find((member) => member.person.me) ?? this.data.members[0]!).person;
  }

  /** Carries out a command, or throws the refusal. */
  act(command: Command): Reply {
    if (this.data.row.status.code === 'overtaken') throw refused({ code: 'overtakenElsewhere' });
    if (command.kind === 'invite') return this.#invite(command.role, command.uses, command.reviewed ?? false);
    if (command.kind === 'setRelays') return this.#setRelays(command.relays);
    if (command.kind === 'removeDevice') { remove(this.data, command.author); return { kind: 'done' }; }
    if (governs(command)) {
      const { refusal } = could(this.data, command);
      if (refusal !== null) throw refused(refusal);
      carryOut(this.data, command);
      this.#kept();
      return { kind: 'done' };
    }
    // What the fake has no people for.
    if (command.kind !== 'createTask' && command.kind !== 'suggestTask' && !('task' in command)) throw refused({ code: 'notAllowed', verb: 'amend', rule: null, allowedRole: null });
    const before = structuredClone(this.data.tasks);
    const reply = this.#change(command);
    this.data.undo.push(before);
    this.data.row.canUndo = true;
    this.#kept();
    return reply;
  }

  /** Takes my last change back. */
  undo(): void {
    const before = this.data.undo.pop();
    if (before === undefined) throw { code: 'nothingToUndo' } satisfies Trouble;
    this.data.tasks = before;
    this.data.row.canUndo = this.data.undo.length > 0;
    this.#kept();
  }

  /** Takes tasks of an import. */
  take(tasks: FakeTask[]): void {
    this.data.undo.push(structuredClone(this.data.tasks));
    this.data.tasks.push(...tasks);
    this.#kept();
  }

  #kept(): void {
    const status = this.data.row.status;
    if ('kept' in status) this.data.row.status = { ...status, kept: status.kept + 1 };
  }

  #change(command: Extract<Command, { kind: 'createTask' } | { kind: 'suggestTask' } | { task: string }>): Reply {
    if (command.kind === 'suggestTask') {
      this.#must('suggest', null);
      if (command.title.trim() === '') throw refused({ code: 'empty' });
      this.#count += 1;
      const task = newTask({ task: fakeId(16, `new ${this.#count} ${command.title}`), parent: command.parent, title: command.title, creator: this.me, delivery: 'kept', status: 'suggested' });
      this.data.tasks.push(task);
      return { kind: 'task', task: task.task };
    }
    if (command.kind === 'createTask') {
      this.#must('create', null);
      if (command.title.trim() === '') throw refused({ code: 'empty' });
      if (new TextEncoder().encode(command.title).length > MAX_TITLE_BYTES) throw refused({ code: 'tooLong', maxBytes: MAX_TITLE_BYTES });
      if (command.assignees.length > 0) this.#must('assign', null);
      if (command.due != null) mustBeDay(command.due);
      this.#count += 1;
      const task = newTask({
        task: fakeId(16, `new ${this.#count} ${command.title}`), parent: command.parent, title: command.title.trim(), creator: this.me, delivery: 'kept', labels: command.labels, due: command.due ?? null, priority: command.priority ?? 0,
        assignees: command.assignees.map((member) => this.#person(member)),
      });
      this.data.tasks.push(task);
      return { kind: 'task', task: task.task };
    }
    const task = this.#task(command.task);
    switch (command.kind) {
      case 'review':
        this.#must('review', task);
        break;
      case 'setFiled':
        this.#must('file', task);
        task.filed = command.filed;
        break;
      case 'setTitle':
        this.#must('edit', task);
        if (command.title.trim() === '') throw refused({ code: 'empty' });
        task.title = command.title;
        task.otherTitles = [];
        break;
      case 'setDetail': case 'setElement': case 'addCheck': case 'setCheck': case 'tick': case 'takeOver': case 'repeat': {
        this.#must(command.kind === 'tick' || command.kind === 'takeOver' ? 'claim' : command.kind === 'repeat' ? 'create' : 'edit', task);
        if (!sayDetail(task, this.data.tasks, command, this.me, this.data.members.map((member) => member.person), this.data.roles)) throw refused({ code: 'nothingToChange' });
        break;
      }
      case 'setDue':
        this.#must('edit', task);
        if (command.due !== null) mustBeDay(command.due);
        if (command.due === task.due) throw refused({ code: 'nothingToChange' });
        task.due = command.due;
        break;
      case 'setPriority':
        this.#must('edit', task);
        if (command.priority > MAX_PRIORITY) throw refused({ code: 'noSuchPriority' });
        if (command.priority === task.priority) throw refused({ code: 'nothingToChange' });
        task.priority = command.priority;
        break;
      case 'setBody': this.#must('edit', task); task.body = command.body; break;
      case 'setStatus': {
        const ends = command.status === 'done' || command.status === 'dropped';
        const ended = task.status === 'done' || task.status === 'dropped';
        this.#must(ended ? 'reopen' : ends ? 'finish' : 'claim', task);
        if (task.status === command.status) throw refused({ code: 'nothingToChange' });
        if (command.status === 'suggested') throw refused({ code: 'noSuchStep' });
        task.status = command.status;
        task.twoAnswers = false;
        break;
      }
      case 'moveTask': {
        this.#must('edit', task);
        for (let above = command.parent; above !== null; above = this.#task(above).parent) if (above === task.task) throw refused({ code: 'cycle' });
        task.parent = command.parent;
        break;
      }
      case 'assign': this.#must('assign', task); task.assignees = [...task.assignees, this.#person(command.member)]; break;
      case 'unassign': this.#must('assign', task); task.assignees = task.assignees.filter((each) => each.member !== command.member); break;
      case 'claim':
        this.#must('claim', task);
        if (task.claim !== null && !task.claim.me) throw refused({ code: 'claimedByOther' });
        task.claim = this.me;
        if (task.status === 'open' || task.status === 'suggested') task.status = 'doing';
        break;
      case 'giveBack':
        if (task.claim === null || !task.claim.me) throw refused({ code: 'notClaimed' });
        task.claim = null;
        break;
      case 'comment':
        this.#must('comment', task);
        if (command.text.trim() === '') throw refused({ code: 'empty' });
        this.#count += 1;
        task.thread = [...task.thread, { entry: fakeId(32, `comment ${this.#count}`), by: this.me, quoted: null, text: command.text, claimedSeconds: Math.floor(Date.now() / 1000), delivery: 'kept' }];
        break;
      case 'widen': case 'widenTo': case 'narrow': case 'narrowTo': {
        this.#must('widen', task);
        const { roles, persons, later = [] }: NonNullable<FakeTask['readers']> = task.readers ?? { roles: [0], persons: [] };
        if (command.kind === 'widen') task.readers = { roles: [...roles, command.role], persons, later };
        else if (command.kind === 'widenTo') task.readers = { roles, persons: [...persons, this.#person(command.member)], later: later.filter((person) => person.member !== command.member) };
        else if (command.kind === 'narrow') task.readers = { roles: roles.filter((role) => role !== command.role), persons, later };
        else task.readers = { roles, persons: persons.filter((person) => person.member !== command.member), later };
        break;
      }
      case 'addLabel': this.#must('label', task); task.labels = [...task.labels, command.label].sort(); break;
      case 'removeLabel': this.#must('label', task); task.labels = task.labels.filter((each) => each !== command.label); break;
    }
    task.delivery = 'kept' satisfies Delivery;
    return { kind: 'done' };
  }

  #invite(role: number, uses: number, reviewed: boolean): Reply {
    this.#must('invite', null);
    const offered = this.data.roles.find((each) => each.id === role);
    if (offered === undefined) throw refused({ code: 'noSuchRole' });
    this.#count += 1;
    const link = `pursuance:${fakeId(90, `link ${this.#count}`).replace(/[0189]/g, 'k')}`;
    this.data.invites.push({ invite: { invite: fakeId(32, link), op: 0, inviter: this.me, role: offered, uses, used: 0, open: true, reviewed, note: '', came: [], waiting: [] }, link, qr: fakeQr(link), handed: this.#count % 2 === 0 });
    return { kind: 'invite', link };
  }

  #setRelays(relays: readonly string[]): Reply {
    this.#must('amend', null);
    if (relays.some((relay) => !/^[a-z2-7]{56}\.onion\/[a-z2-7]{52}$/.test(relay))) throw refused({ code: 'notARelayAddress' });
    const left = this.data.relays.filter((each) => !relays.includes(each.address)).map((each) => ({ ...each, used: false }));
    const used = relays.map((address): RelayView => this.data.relays.find((each) => each.address === address) ?? { address, reachedSeconds: null, cells: 0, read: 0, handed: 0, waiting: 4, lacks: 0, fault: null, failing: false, agreedSeconds: null, cosigned: [], hasProof: false, used: true });
    this.data.relays = [...used.map((each) => ({ ...each, used: true })), ...left];
    this.data.row.status = relays.length === 0 ? { code: 'noRelay', kept: 4 } : { code: 'torStarting', percent: 40, kept: 4 };
    return { kind: 'done' };
  }

  #task(id: string): FakeTask {
    const task = this.data.tasks.find((each) => each.task === id);
    if (task === undefined) throw refused({ code: 'noSuchTask' });
    return task;
  }

  #person(member: string): Person {
    const found = this.data.members.find((each) => each.person.member === member);
    if (found === undefined) throw refused({ code: 'noSuchMember' });
    return found.person;
  }

  #must(verb: Verb, task: FakeTask | null): void {
    const refusal = this.#refusal(verb, task);
    if (refusal !== null) throw refused(refusal);
  }

  #refusal(verb: Verb, task: FakeTask | null): Refusal | null {
    const fits = (own: boolean): number => this.data.rules.findIndex((rule) => rule.verb === verb && rule.conditions.own === own && (rule.role === this.data.myRole || rule.role === 0));
    if (fits(false) !== -1) return null;
    const mine = fits(true);
    if (mine === -1) {
      const any = this.data.rules.findIndex((rule) => rule.verb === verb);
      return { code: 'notAllowed', verb, rule: any === -1 ? null : any + 1, allowedRole: this.data.rules[any]?.role ?? null };
    }
    const own = task === null || task.creator.me || task.claim?.me === true || task.assignees.some((each) => each.me);
    return !own ? { code: 'onlyOwn', verb, rule: mine + 1 } : null;
  }

  #cannot(task: FakeTask | null): Cannot[] {
    return VERBS.flatMap((verb) => { const refusal = this.#refusal(verb, task); return refusal === null ? [] : [{ verb, refusal }]; });
  }

  /** Answers a query about this pursuance. */
  view(query: Exclude<Query, { kind: 'app' } | { kind: 'drafts' } | { kind: 'today' } | { kind: 'inboxes' } | { kind: 'find' } | { kind: 'phrase' } | { kind: 'preview' } | { kind: 'importPreview' }>): View {
    switch (query.kind) {
      case 'tree': return { kind: 'tree', view: this.#tree(query) };
      case 'list': {
        const all = this.#tree({ ...query, kind: 'tree', folded: [], filter: '', around: null, first: 0, dropped: true });
        return { kind: 'list', view: listPage(this.data.tasks, query, (rows) => ({ ...all, rows })) };
      }
      case 'meant': return { kind: 'meant', view: meant(this.data.tasks, query) };
      case 'rows': return { kind: 'rows', view: shownRows(this.data.tasks, { filter: '', dropped: true }).filter((row) => query.tasks.includes(row.task)) };
      case 'couldMany': return { kind: 'couldMany', view: couldMany(this, query.commands) };
      case 'labels': return { kind: 'labels', view: [...new Set(this.data.tasks.flatMap((task) => task.labels))].sort((a, b) => a.localeCompare(b)) };
      case 'task': return { kind: 'task', view: this.#taskView(this.#task(query.task)) };
      case 'people': return { kind: 'people', view: { members: this.data.members, others: this.data.others, roles: this.data.roles, rules: this.data.rules, decisions: this.data.decisions, readers: this.data.readers, cannot: this.#cannot(null) } };
      case 'could': return { kind: 'could', view: query.commands.map((command) => could(this.data, command)) };
      case 'effects': {
        const view = effects(this.data, query.member, query.roles ?? []);
        if (view === null) throw refused({ code: 'noSuchMember' });
        return { kind: 'effects', view };
      }
      case 'own': return { kind: 'own', view: ownView(this.data, query.task) };
      case 'history': return { kind: 'history', view: historyView(this.#task(query.task), query.before ?? null) };
      case 'weeks': return { kind: 'weeks', view: weeksView(this.data.tasks) };
      case 'inbox': return { kind: 'inbox', view: inbox(this.data) };
      case 'log': return { kind: 'log', view: logView(this.data, query.trouble) };
      case 'rules': return { kind: 'rules', view: rulesView(this.data) };
      case 'rulesDraft': return { kind: 'rulesDraft', view: rulesDraft(this.data, query.text) };
      case 'try': return { kind: 'try', view: tryRule(this.data, query.member, query.verb, query.object) };
      case 'devices': return { kind: 'devices', view: devicesView(this.data) };
      case 'invites': return { kind: 'invites', view: this.data.invites };
      case 'relays': return { kind: 'relays', view: this.data.relays };
    }
  }

  #tree(query: TreeQuery): TreeView {
    return { name: this.data.name, mission: this.data.mission, ...treePage(this.data.tasks, query), arriving: this.data.arriving, cannot: this.#cannot(null), homes: [{ role: 0, name: '', members: this.data.members.length }], awaited: [] };
  }

  #taskView(task: FakeTask): TaskView {
    const path: string[] = [];
    for (let parent = task.parent; parent !== null; parent = this.#task(parent).parent) path.unshift(this.#task(parent).title);
    const row = rowIn(this.data.tasks, task.task);
    if (row === null) throw refused({ code: 'noSuchTask' });
    return {
      row, path, body: task.body, otherTitles: task.otherTitles, otherBodies: [], creator: task.creator, createdSeconds: task.createdSeconds, started: task.started, finished: task.finished,
      origin: task.origin ?? null, reviews: [], details: detailsOf(task), thread: task.thread, ...this.#readersOf(task), cannot: this.#cannot(task),
    };
  }

  #readersOf(task: FakeTask): Pick<TaskView, 'readers' | 'persons' | 'readBy' | 'closed' | 'openable' | 'cameLater'> {
    const { roles, persons, later = [] }: NonNullable<FakeTask['readers']> = task.readers ?? { roles: [0], persons: [] };
    const came = new Set(later.map((person) => person.member));
    const holders = (role: number): string[] => this.data.members.filter((each) => role === 0 || each.roles.some((held) => held.id === role)).map((each) => each.person.member);
    const readers = (role: number): Readers => ({ role, name: this.data.roles.find((each) => each.id === role)?.name ?? '', members: holders(role).filter((member) => !came.has(member)).length, ...(this.data.roles.some((each) => each.id === role && each.sinceJoining === true) ? { sinceJoining: true } : {}) });
    const now = new Set([...roles.flatMap(holders).filter((member) => !came.has(member)), ...persons.map((person) => person.member)]);
    const others = roles.includes(0) ? [] : [0, ...this.data.roles.map((role) => role.id)].filter((role) => !roles.includes(role));
    const openable = others.map((role) => ({ readers: readers(role), new: holders(role).filter((member) => !now.has(member)).length }));
    const me = this.data.members.find((each) => each.person.me);
    return { readers: roles.map(readers), persons, readBy: now.size, closed: me !== undefined && !now.has(me.person.member), openable, cameLater: later };
  }
}

function mustBeDay(day: string): void {
  const date = new Date(`${day}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) throw refused({ code: 'notADay' });
}
