// Improvements, and events for whoever measures; every page works without them.
"use strict";
(function () {
  var each = function (list, f) { Array.prototype.forEach.call(list, f); };

  // 1. Links with data-dialog open the dialog of that id, if this page has it.
  function open(link, event) {
    var dialog = document.getElementById(link.dataset.dialog);
    if (!dialog || !dialog.showModal || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    var from = link.closest("dialog"), to = dialog.querySelector("[type=email]");
    if (from) {
      var typed = from.querySelector("[type=email]");
      if (typed && to && typed.value) to.value = typed.value;
      from.close();
    }
    dialog.showModal();
    if (to) (to.value && dialog.querySelector("[type=password]") || to).focus();
  }
  document.addEventListener("click", function (event) {
    if (!event.target.closest) return;
    var link = event.target.closest("a[data-dialog]");
    if (link) open(link, event);
  });
  // A press beside the sheet closes it (press, not click: selecting text may end outside).
  each(document.querySelectorAll("dialog"), function (dialog) {
    dialog.addEventListener("mousedown", function (event) {
      if (event.target !== dialog) return;
      var box = dialog.getBoundingClientRect();
      if (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom) dialog.close();
    });
  });

  // 2. A button that shows the password.
  function show(field, input, button, on) {
    input.type = on ? "text" : "password";
    button.textContent = on ? field.dataset.hide : field.dataset.show;
    button.setAttribute("aria-label", button.textContent + " " + field.querySelector("label").textContent.toLowerCase());
  }
  each(document.querySelectorAll("[data-show]"), function (field) {
    var input = field.querySelector("[type=password]");
    if (!input) return;
    var button = document.createElement("button");
    button.type = "button";
    button.className = "quiet show";
    show(field, input, button, false);
    button.addEventListener("click", function () { show(field, input, button, input.type === "password"); });
    input.after(button);
    // Sent and remembered as a password, never as plain text.
    input.form.addEventListener("submit", function () { show(field, input, button, false); });
  });

  // 3. A form that is on its way is not sent again.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    each(form.querySelectorAll("[type=submit]"), function (b) { b.setAttribute("aria-disabled", "true"); });
  });
  // Back from the next page, or a download: the form may be sent again.
  window.addEventListener("pageshow", function () {
    each(document.querySelectorAll("form[data-sent]"), function (form) {
      delete form.dataset.sent;
      each(form.querySelectorAll("[aria-disabled]"), function (b) { b.removeAttribute("aria-disabled"); });
    });
  });

  // 4. A link is copied or shared; the buttons are hidden where a browser cannot.
  each(document.querySelectorAll("[data-copy]"), function (button) {
    var field = document.getElementById(button.dataset.copy);
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(field.value).then(function () { button.textContent = button.dataset.copied; }, function () { field.select(); });
    });
  });
  each(document.querySelectorAll("[data-share]"), function (button) {
    button.hidden = !navigator.share;
    button.addEventListener("click", function () {
      navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(function () {});
    });
  });

  // 5. What the wall offers says so when it comes into view and when it is chosen: a DOM event
  // "postern:offer" on the link, for a theme's own scripts. Nothing is sent anywhere.
  function tell(link, what) {
    link.dispatchEvent(new CustomEvent("postern:offer", { bubbles: true, detail: {
      what: what, offer: link.dataset.posternOffer, plan: link.dataset.posternPlan || "", path: location.pathname } }));
  }
  var offers = document.querySelectorAll("[data-postern-offer]");
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("[data-postern-offer]");
    if (link) tell(link, "click");
  }, true);
  if (offers.length && window.IntersectionObserver) {
    var seen = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        seen.unobserve(entry.target);
        tell(entry.target, "show");
      });
    });
    each(offers, function (link) { seen.observe(link); });
  }
})();
