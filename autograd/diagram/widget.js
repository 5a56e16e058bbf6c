// A page in a frame, which tells of the numbers that its leaves are given, and is told of others.

function render({ model, el }) {
  el.innerHTML = model.get("frame");
  const frame = el.querySelector("iframe");
  const tell = () => frame.contentWindow?.postMessage({ numbers: model.get("numbers") }, "*");
  const listen = ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    if (data?.ready) tell();
    if (!data?.numbers) return;
    model.set("numbers", data.numbers);
    model.save_changes();
  };
  model.on("change:numbers", tell);
  addEventListener("message", listen);
  return () => {
    removeEventListener("message", listen);
    model.off("change:numbers", tell);
  };
}

export default { render };
