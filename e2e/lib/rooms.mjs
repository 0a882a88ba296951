// Rooms for the cameras of the screenshots: people around a table, or one at a desk, each room with its own colours and faces.

/** Runs in the page after installDevices. @param {{ seed: number, people: number, width: number, height: number }} room */
export function installRoom({ seed, people, width, height }) {
  if (!navigator.mediaDevices) return; // about:blank
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const draw = canvas.getContext('2d', { alpha: false });
  const [w, h] = [width, height];
  const pick = (list, index) => list[(seed * 7 + index * 5) % list.length];
  const walls = ['#b9c6bd', '#c9bfae', '#aebdc9', '#c7b7b5', '#b5b8cc', '#c4c8b0', '#a9c2c0', '#cdbfa6'];
  const woods = ['#7a5436', '#8d6640', '#6a4a35', '#94704a'];
  const cloths = ['#31545f', '#6b3f45', '#3c4f74', '#5b5b46', '#f0ede6', '#75553a', '#2c3540', '#8a9bb0', '#4f6d53'];
  const skins = ['#d9a883', '#c98f6b', '#e3b893', '#b97f5c'];
  const hairs = ['#2b211d', '#3d2c22', '#1d1a1c', '#5a4433', '#8a8a88'];

  function shape(fill, path) {
    draw.fillStyle = fill;
    draw.beginPath();
    path();
    draw.fill();
  }

  function wall() {
    shape(pick(walls, 0), () => draw.rect(0, 0, w, h));
    const light = draw.createRadialGradient(w * 0.5, h * 0.1, 0, w * 0.5, h * 0.1, w * 0.7);
    light.addColorStop(0, '#ffffff66');
    light.addColorStop(1, '#00000033');
    shape(light, () => draw.rect(0, 0, w, h));
    const left = seed % 2 ? 0.07 : 0.7;
    shape('#eaf2f6', () => draw.roundRect(w * left, h * 0.1, w * 0.22, h * 0.36, h * 0.01));
    shape(pick(['#bcd9e6', '#c6dfc9', '#d9d3bd'], 1), () => draw.rect(w * (left + 0.012), h * 0.12, w * 0.095, h * 0.32));
    shape(pick(['#bcd9e6', '#c6dfc9', '#d9d3bd'], 1), () => draw.rect(w * (left + 0.115), h * 0.12, w * 0.095, h * 0.32));
    const plant = seed % 2 ? 0.92 : 0.08;
    for (let leaf = 0; leaf < 7; leaf += 1) {
      shape(['#3f6b4a', '#4d7d55'][leaf % 2], () => draw.ellipse(w * plant + (leaf - 3) * w * 0.012, h * 0.5 - (3 - Math.abs(leaf - 3)) * h * 0.03, w * 0.012, h * 0.09, (leaf - 3) * 0.28, 0, 7));
    }
    shape('#a8623f', () => draw.roundRect(w * (plant - 0.025), h * 0.56, w * 0.05, h * 0.12, h * 0.01));
  }

  function person(index, x, y, size, turn) {
    const speaks = index === seed % people;
    const sway = Math.sin((turn + index / 5) * 2 * Math.PI) * size * (speaks ? 0.09 : 0.03);
    const cloth = pick(cloths, index);
    shape(cloth, () => draw.roundRect(x - size * 1.15 + sway * 0.4, y + size * 0.95, size * 2.3, size * 3.4, size * 0.85));
    shape('#f4f6f7', () => {
      draw.moveTo(x - size * 0.34 + sway * 0.5, y + size * 0.95);
      draw.lineTo(x + size * 0.34 + sway * 0.5, y + size * 0.95);
      draw.lineTo(x + sway * 0.5, y + size * 1.75);
    });
    const skin = pick(skins, index + 1);
    shape(skin, () => draw.roundRect(x - size * 0.26 + sway, y + size * 0.5, size * 0.52, size * 0.65, size * 0.2));
    shape(skin, () => draw.ellipse(x + sway, y, size * 0.72, size * 0.88, 0, 0, 7));
    const hair = pick(hairs, index + 2);
    shape(hair, () => draw.ellipse(x + sway, y - size * 0.3, size * 0.78, size * 0.64, 0, Math.PI, 0));
    if (index % 2) shape(hair, () => (draw.ellipse(x + sway - size * 0.68, y + size * 0.1, size * 0.17, size * 0.62, 0, 0, 7), draw.ellipse(x + sway + size * 0.68, y + size * 0.1, size * 0.17, size * 0.62, 0, 0, 7)));
    for (const side of [-0.27, 0.27]) shape('#2a2322', () => draw.arc(x + sway + side * size, y + size * 0.02, size * 0.075, 0, 7));
    const open = speaks ? 0.05 + 0.09 * Math.abs(Math.sin(turn * 14 * Math.PI)) : 0.035;
    shape('#8f4a42', () => draw.ellipse(x + sway, y + size * 0.42, size * 0.2, size * open, 0, 0, 7));
  }

  function table() {
    const wood = pick(woods, 3);
    shape(wood, () => draw.roundRect(w * 0.06, h * 0.8, w * 0.88, h * 0.3, h * 0.03));
    shape('#ffffff22', () => draw.roundRect(w * 0.06, h * 0.8, w * 0.88, h * 0.018, [h * 0.03, h * 0.03, 0, 0]));
    for (let place = 0; place < people; place += 1) {
      const x = w * 0.5 + ((place + 0.5) / people - 0.5) * w * 0.8;
      shape('#f7f7f2', () => draw.roundRect(x - w * 0.03, h * 0.87, w * 0.06, h * 0.03, 2));
    }
  }

  let turn = seed / 9;
  function paint() {
    turn += 0.012;
    wall();
    if (people === 1) {
      person(0, w * 0.5, h * 0.4, h * 0.17, turn);
    } else {
      const size = Math.min(h * 0.105, (w * 0.8) / people / 2.5);
      for (let index = 0; index < people; index += 1) person(index, w * 0.5 + ((index + 0.5) / people - 0.5) * w * 0.8, h * 0.45 + (index % 2) * h * 0.02, size, turn);
    }
    table();
  }
  paint();
  setInterval(paint, 1000 / 12);

  const media = navigator.mediaDevices;
  const before = media.getUserMedia.bind(media);
  media.getUserMedia = async (wish) => new MediaStream([...(wish.video ? canvas.captureStream(12).getVideoTracks() : []), ...(wish.audio ? (await before({ audio: true })).getAudioTracks() : [])]);
}
