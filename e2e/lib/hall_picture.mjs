// A hall for the cameras of the screenshots: a drawn scene that moves, as the Motion-JPEG file that Chromium's fake camera plays.
import { writeFile } from 'node:fs/promises';

/** @param {import('playwright-core').Browser} browser @param {string} file */
export async function drawHall(browser, file) {
  const page = await browser.newPage();
  const frames = await page.evaluate(async () => {
    const [width, height, count] = [1280, 720, 60];
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const draw = canvas.getContext('2d');
    const shape = (fill, path) => {
      draw.fillStyle = fill;
      draw.beginPath();
      path();
      draw.fill();
    };
    const gradient = (x0, y0, x1, y1, ...stops) => {
      const made = draw.createLinearGradient(x0, y0, x1, y1);
      stops.forEach((colour, index) => made.addColorStop(index / (stops.length - 1), colour));
      return made;
    };

    function room() {
      shape(gradient(0, 0, 0, height, '#24404a', '#17303a'), () => draw.rect(0, 0, width, height));
      for (let panel = 0; panel < 16; panel += 1) shape(panel % 2 ? '#00000014' : '#ffffff0a', () => draw.rect(panel * 80, 0, 80, 470));
      for (const x of [150, 1130]) {
        shape(gradient(x, 0, x, 420, '#ffe7b155', '#ffe7b100'), () => {
          draw.moveTo(x - 20, 0);
          draw.lineTo(x + 20, 0);
          draw.lineTo(x + 130, 430);
          draw.lineTo(x - 130, 430);
        });
      }
      shape(gradient(0, 450, 0, 600, '#8a5f3c', '#5d3f28'), () => draw.rect(0, 450, width, 150));
      shape('#a97849', () => draw.rect(0, 446, width, 10));
    }

    // The slide behind the speaker: a bridge whose cars never stop.
    function screen(turn) {
      shape('#0b161b', () => draw.roundRect(330, 52, 620, 344, 10));
      shape(gradient(340, 62, 340, 386, '#eef6f7', '#cfe5e9'), () => draw.roundRect(340, 62, 600, 324, 4));
      draw.fillStyle = '#0f4f5e';
      draw.font = '600 34px system-ui, sans-serif';
      draw.fillText('Training conference', 376, 122);
      draw.font = '20px system-ui, sans-serif';
      draw.fillStyle = '#3c6b77';
      draw.fillText('One hall, fourteen sites', 376, 154);
      draw.strokeStyle = '#0f6a7d';
      draw.lineWidth = 7;
      draw.lineCap = 'round';
      draw.beginPath();
      draw.moveTo(372, 330);
      draw.lineTo(908, 330);
      draw.moveTo(420, 330);
      draw.bezierCurveTo(470, 176, 810, 176, 860, 330);
      for (const [x, top] of [[500, 244], [570, 221], [640, 214], [710, 221], [780, 244]]) {
        draw.moveTo(x, 330);
        draw.lineTo(x, top);
      }
      draw.stroke();
      for (let car = 0; car < 4; car += 1) {
        const along = (car / 4 + turn) % 1;
        shape(['#d9822b', '#17703f', '#b3261e', '#44618f'][car], () => draw.roundRect(380 + along * 490, 312, 28, 12, 4));
      }
    }

    function speaker(turn) {
      const sway = Math.sin(turn * 2 * Math.PI) * 7;
      shape('#1c2c3f', () => draw.roundRect(1012 + sway, 250, 96, 190, 38));
      shape('#f4f6f7', () => {
        draw.moveTo(1048 + sway, 252);
        draw.lineTo(1072 + sway, 252);
        draw.lineTo(1060 + sway, 298);
      });
      shape('#d9a883', () => draw.arc(1060 + sway * 1.3, 214, 37, 0, 7));
      shape('#2a211c', () => draw.ellipse(1060 + sway * 1.3, 192, 38, 24, 0, Math.PI, 0));
      draw.strokeStyle = '#1c2c3f';
      draw.lineWidth = 24;
      draw.beginPath();
      draw.moveTo(1022 + sway, 286);
      draw.quadraticCurveTo(976, 318, 950 + sway, 282 + Math.sin(turn * 4 * Math.PI) * 22);
      draw.stroke();
      shape(gradient(980, 340, 1140, 340, '#b98552', '#8c5f36'), () => draw.roundRect(984, 342, 152, 190, 8));
      shape('#0f6a7d', () => draw.roundRect(1034, 396, 52, 52, 10));
      draw.strokeStyle = '#ffffff';
      draw.lineWidth = 4;
      draw.beginPath();
      draw.moveTo(1042, 432);
      draw.lineTo(1078, 432);
      draw.moveTo(1046, 432);
      draw.arc(1060, 424, 14, Math.PI, 0);
      draw.lineTo(1074, 432);
      draw.stroke();
    }

    function audience(turn) {
      const hair = ['#2b211d', '#3d2c22', '#1d1a1c', '#5a4433', '#8a8a88', '#241c19'];
      const cloth = ['#31545f', '#6b3f45', '#3c4f74', '#5b5b46', '#274848', '#75553a'];
      for (let row = 0; row < 3; row += 1) {
        const size = 34 + row * 12;
        const y = 556 + row * 62;
        const step = size * 3;
        for (let seat = -1; seat * step < width + step; seat += 1) {
          const who = seat * 7 + row * 5 + 14;
          const nod = Math.sin((turn + (who % 9) / 9) * 2 * Math.PI) * (who % 3);
          const x = seat * step + (row % 2) * (step / 2) + 20;
          shape(cloth[who % cloth.length], () => draw.roundRect(x - size * 1.05, y + size * 0.75, size * 2.1, size * 3, size * 0.8));
          shape(hair[who % hair.length], () => draw.arc(x + nod, y, size * 0.78, 0, 7));
        }
      }
    }

    const made = [];
    for (let frame = 0; frame < count; frame += 1) {
      const turn = frame / count;
      room();
      screen(turn);
      speaker(turn);
      audience(turn);
      made.push(canvas.toDataURL('image/jpeg', 0.85).split(',')[1]);
    }
    return made;
  });
  await writeFile(file, Buffer.concat(frames.map((frame) => Buffer.from(frame, 'base64'))));
  await page.close();
}
