// A page in a frame, which tells of the numbers that its leaves are given, and is told of others.

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.title = model.get("title");
  frame.srcdoc = model.get("page");
  Object.assign(frame.style, { width: "100%", height: "38rem", border: "1px solid #8888" });
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
  el.append(frame);
  return () => {
    removeEventListener("message", listen);
    model.off("change:numbers", tell);
  };
}

export default { render };
