/** Edits of a plan, as functions of the list: so that one can be made again where somebody else was quicker. */
import type { Caller } from "../daemon/calls";
import { refused } from "../daemon/calls";
import type { TodoItem, TodoList } from "../protocol.gen";
import { Methods } from "../protocol.gen";

export type Edit = { id: string; status?: TodoItem["status"]; content?: string } | { add: string };

const ATTEMPTS = 4;

export async function edited(daemon: Caller, chatId: string, list: { rev: number; items: TodoItem[] }, edit: Edit): Promise<TodoList> {
  let known = list;
  for (let attempt = 1; ; attempt++) {
    try {
      return await daemon.request(Methods.todoUpdate, { chatId, ifRev: known.rev, items: after(known.items, edit) });
    } catch (error) {
      const current = refused(error).current as TodoList | undefined;
      if (!current || attempt === ATTEMPTS) throw error;
      known = current;
    }
  }
}

export function after(items: readonly TodoItem[], edit: Edit): TodoItem[] {
  if ("add" in edit) return [...items, { id: newId(items), content: edit.add, status: "pending", assignee: "user" }];
  return items.map((item) => (item.id === edit.id ? { ...item, status: edit.status ?? item.status, content: edit.content ?? item.content } : item));
}

function newId(items: readonly TodoItem[]): string {
  const taken = new Set(items.map((item) => item.id));
  let number = items.length + 1;
  while (taken.has(`user-${number}`)) number++;
  return `user-${number}`;
}
