// How often an offer was chosen on this page: an example of the event that postern.js sends.
document.addEventListener("postern:offer", function (event) {
  if (event.detail.what === "click") sessionStorage.setItem("offers", Number(sessionStorage.getItem("offers")) + 1);
});
