document.getElementById("button").onclick = () => {
  document.getElementById("here").textContent = new Date()
}
