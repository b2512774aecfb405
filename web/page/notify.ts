// Tells through the system that something new is there while nobody looks at the page: how much, and nothing of whom or what.

import { useEffect, useRef } from "preact/hooks";
import { store, stored, w } from "./words";

const TAG = "sotto"; // one at a time: a newer one takes its place

export function notifies(): boolean {
  return stored("notify") === "on" && "Notification" in globalThis && Notification.permission === "granted";
}

// Asks the browser, which asks the person once. False: it won't have it.
export async function setNotifies(on: boolean): Promise<boolean> {
  if (on && !("Notification" in globalThis && (await Notification.requestPermission()) === "granted")) return false;
  store("notify", on ? "on" : "off");
  if (!on) void take();
  return true;
}

const registration = () => navigator.serviceWorker?.getRegistration().catch(() => undefined);

async function show(text: string): Promise<void> {
  await (await registration())?.showNotification("Sotto", { body: text, tag: TAG, icon: "icon-192.png" }).catch(() => {});
}

async function take(): Promise<void> {
  for (const shown of (await (await registration())?.getNotifications({ tag: TAG })) ?? []) shown.close();
}

export function useNotify(unread: number, requests: number): void {
  const before = useRef<{ unread: number; requests: number } | null>(null);
  useEffect(() => {
    const was = before.current;
    before.current = { unread, requests };
    if (was === null || document.visibilityState === "visible" || !notifies()) return;
    if (unread > was.unread) void show(w().unread(unread));
    else if (requests > was.requests) void show(w().requestsWaiting(requests));
  }, [unread, requests]);
  useEffect(() => {
    const seen = () => {
      if (document.visibilityState === "visible") void take();
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, []);
}
