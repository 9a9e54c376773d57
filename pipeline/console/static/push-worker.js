// Shows notifications of alerts while no page of the console is open, and opens the situation when one is chosen.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const alert = event.data?.json();
  if (!alert) return;
  event.waitUntil(
    self.registration.showNotification(alert.title, {
      body: alert.text,
      // A notification that is sent again replaces the first.
      tag: alert.id,
      data: alert.incident,
      requireInteraction: alert.severity === "critical",
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

async function open(incident) {
  const address = `/console/situation/city-services${incident ? `/incidents/${incident}` : ""}`;
  const windows = await self.clients.matchAll({ type: "window" });
  const shown = windows.find((one) => new URL(one.url).pathname.startsWith("/console/situation"));
  if (!shown) return self.clients.openWindow(address);
  await shown.focus();
  return shown.navigate(address);
}
