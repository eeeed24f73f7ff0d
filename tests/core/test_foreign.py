"""Networks of somebody else's as models."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.distributions import Bernoulli, Independent, Normal

import vaewidgets as vw
from vaewidgets.core.models.foreign import TorchModel
from vaewidgets.latent import Decodes, Encodes, HasSpread, as_model

SIZE = (6, 8)
N = 6 * 8 * 3
PLAIN = {"size": SIZE}


class Both(nn.Module):
    """A usual VAE: rows in, mean and log-variance out, rows decoded."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.hidden = nn.Sequential(nn.Linear(N, 16), nn.BatchNorm1d(16), nn.Dropout(0.5))
        self.mean, self.log_var, self.out = nn.Linear(16, 4), nn.Linear(16, 4), nn.Linear(4, N)

    def encode(self, x):
        hidden = self.hidden(x)
        return self.mean(hidden), self.log_var(hidden)

    def decode(self, z):
        return self.out(z).sigmoid()

    def forward(self, x):
        mean, log_var = self.encode(x.flatten(1))
        return self.decode(mean), mean, log_var


class Space(nn.Module):
    """Codes that keep their place, values from -1 to 1, wrapped as diffusers does."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.down, self.up = nn.Conv2d(3, 8, 2, 2), nn.ConvTranspose2d(4, 3, 2, 2)

    def encode(self, x):
        assert float(x.min()) < -0.9
        mean, log_var = self.down(x).chunk(2, dim=1)
        return SimpleNamespace(latent_dist=Normal(mean, (0.5 * log_var).exp()))

    def decode(self, z):
        return SimpleNamespace(sample=self.up(z).tanh())


class Parts(nn.Module):
    """An autoencoder of two modules."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(N, 4))
        self.decoder = nn.Sequential(nn.Linear(4, N), nn.Sigmoid(), nn.Unflatten(1, (3, *SIZE)))

    def forward(self, x):
        return self.decoder(self.encoder(x))


class OnlyForward(Both):
    encode = decode = None

    def forward(self, x):
        return Both.decode(self, x[:, 0, 0, :4]), *Both.encode(self, x.flatten(1))


def normal(x):
    code = x.flatten(1)[:, :4]
    return Independent(Normal(code, torch.ones_like(code)), 1)


def bernoulli(z):
    return Bernoulli(z.repeat(1, N // 4).clamp(0, 1))


KINDS = {  # arguments, whether there is a spread, whether it decodes, numbers in a code
    "one VAE": (lambda: [Both()], {"flatten": True}, True, True, 4),
    "its methods": (lambda: [*_methods()], {"flatten": True}, True, True, 4),
    "one that keeps places": (lambda: [Space()], {"value_range": (-1, 1)}, True, True, 48),
    "two modules in one": (lambda: [Parts()], {}, False, True, 4),
    "two modules": (lambda: [Parts().encoder, Parts().decoder], {}, False, True, 4),
    "an encoder": (lambda: [Parts().encoder], {}, False, False, 4),
    "only forward": (lambda: [OnlyForward()], {}, True, False, 4),
    "half precision": (lambda: [Parts().to(torch.bfloat16)], {}, False, True, 4),
    "functions": (lambda: [normal, bernoulli], {}, True, True, 4),
    "a list": (lambda: [lambda x: [x.flatten(1)[:, :4]]], {}, False, False, 4),
    "standard deviations": (
        lambda: [lambda x: (x.flatten(1)[:, :4], torch.ones(len(x), 4))], {"spread": "std"}, True,
        False, 4,
    ),
}  # fmt: skip


def _methods():
    module = Both()
    return [module.encode, module.decode]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (7, *SIZE, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_networks_of_any_kind_are_models(kind, images):
    make, settings, spreads, decodes, n_latent = KINDS[kind]
    model = vw.from_torch(*make(), **PLAIN, **settings, batch_size=3)
    snapshot = as_model(model)
    for one in (model, snapshot):
        codes = one.transform(images)
        assert codes.shape == (7, n_latent)
        assert codes.dtype == np.float32
        assert isinstance(one, Encodes)
        assert isinstance(one, HasSpread) == spreads
        assert isinstance(one, Decodes) == decodes
        if spreads:
            posterior = one.posterior(images)
            np.testing.assert_array_equal(posterior.mean, codes)
            assert (posterior.std > 0).all()
        if decodes:
            decoded = one.inverse_transform(codes)
            assert decoded.shape == (7, *SIZE, 3)
            assert decoded.dtype == np.float32
            assert 0 <= decoded.min() <= decoded.max() <= 1
    np.testing.assert_allclose(model.transform(images[3:4]), codes[3:4], atol=1e-2)


def test_values_are_those_of_the_networks_themselves(images):
    module = Both().eval()
    model = vw.from_torch(module, **PLAIN, flatten=True, batch_size=2)
    rows = torch.from_numpy(images.transpose(0, 3, 1, 2).reshape(7, -1) / np.float32(255))
    with torch.no_grad():
        mean, log_var = module.encode(rows)
        decoded = module.decode(mean).reshape(7, 3, *SIZE).permute(0, 2, 3, 1)
    np.testing.assert_allclose(model.transform(images), mean, atol=1e-5)
    np.testing.assert_allclose(model.posterior(images).std, (log_var / 2).exp(), atol=1e-5)
    np.testing.assert_allclose(model.inverse_transform(mean.numpy()), decoded, atol=1e-5)
    space = Space()
    around_zero = vw.from_torch(space, **PLAIN, value_range=(-1, 1))
    with torch.no_grad():
        batch = torch.from_numpy(images.transpose(0, 3, 1, 2) / np.float32(127.5) - 1)
        mean = space.encode(batch).latent_dist.mean
        decoded = space.decode(mean).sample.permute(0, 2, 3, 1) / 2 + 0.5
    codes = around_zero.transform(images)
    np.testing.assert_allclose(codes, mean.flatten(1), atol=1e-5)
    np.testing.assert_allclose(around_zero.inverse_transform(codes), decoded, atol=1e-5)


def test_the_original_is_left_alone_and_can_be_trained_on(images):
    module = Both().train()
    model = vw.from_torch(module, **PLAIN, flatten=True)
    codes = model.transform(images)
    assert all(part.training for part in module.modules())
    assert all(weight.requires_grad for weight in module.parameters())
    assert int(module.hidden[1].num_batches_tracked) == 0
    with torch.no_grad():
        module.mean.bias += 1
    np.testing.assert_array_equal(model.transform(images), codes)


def test_images_at_once_are_bounded(images):
    seen = []

    def encoder(batch):
        seen.append(len(batch))
        assert not torch.is_grad_enabled()
        return batch.flatten(1)[:, :4]

    vw.from_torch(encoder, **PLAIN, batch_size=3).transform(images)
    assert seen[-3:] == [3, 3, 1]


def test_new_pictures_are_brought_to_the_size_of_the_networks():
    model = vw.from_torch(Parts(), **PLAIN, fit="resize", background="red")
    pictures = [Image.new("L", (30, 40), 90), Image.new("RGBA", (4, 4))]
    expected = vw.load_images(pictures, size=SIZE, channels="rgb", fit="resize", background="red")
    np.testing.assert_array_equal(model.transform(pictures), model.transform(expected))
    assert repr(model) == "<TorchModel: images of 6 x 8 x 3, codes of 4 numbers>"
    with pytest.raises(ValueError, match="the model was fitted on 6 x 8 x 3"):
        model.transform(np.zeros((2, 9, 9), np.uint8))


def test_widgets_take_networks(images):
    model = vw.from_torch(Both(), **PLAIN, flatten=True)
    assert vw.LatentScatter(model, images).codes.shape == (7, 4)
    tweaker = vw.LatentTweaker(model, images=images)
    assert tweaker.result.shape == (*SIZE, 3)
    assert vw.Interpolator(model, images=images, sampling=True).frames.shape == (33, *SIZE, 3)
    encoder = vw.from_torch(Parts().encoder, **PLAIN)
    assert vw.LatentScatter(encoder, images).codes.shape == (7, 4)
    with pytest.raises(TypeError, match="TorchModel has none"):
        vw.Interpolator(encoder, images=images)


def random_code(x):
    return torch.rand(len(x), 4)


@pytest.mark.parametrize(
    ("parts", "settings", "error", "message"),
    [
        ([Both()], {}, ValueError, "encoder fails on images of .2, 3, 6, 8.*flatten=True"),
        ([Both()], {"flatten": True, "size": 9}, ValueError, "encoder fails on images"),
        ([random_code], {}, ValueError, "other codes for the same images.*does it sample"),
        ([lambda x: {"a": x}], {}, TypeError, "encoder gives dict; accepted: a tensor"),
        ([lambda x: (x, x, x, x)], {}, TypeError, "encoder gives 4 things"),
        ([lambda x: x.mean()], {}, ValueError, r"codes of shape \(\) for 2 images"),
        ([lambda x: (x, x[:1])], {}, ValueError, "accepted: equal shapes"),
        ([normal, nn.Linear(5, N)], {}, ValueError, "decoder fails on the encoder's codes"),
        ([normal, lambda z: z], {}, ValueError, r"decoder gives images of shape \(4,\), expected"),
        ([normal, lambda z: torch.zeros(len(z), *SIZE, 3)], {}, ValueError, "decoder gives"),
        ([normal, lambda z: None], {}, TypeError, "decoder gives NoneType"),
        ([None], {}, TypeError, "encoder is None; accepted: a torch module"),
        ([Both], {}, TypeError, "encoder is the class Both; accepted: a trained"),
        ([normal, "x"], {}, TypeError, "decoder is 'x'"),
        ([normal], {"channels": 3}, ValueError, "channels is 3; accepted: 'gray', 'rgb'"),
        ([normal], {"spread": "variance"}, ValueError, "spread is 'variance'; accepted"),
        ([normal], {"value_range": (1, 0)}, ValueError, "value_range is"),
        ([normal], {"batch_size": 0}, ValueError, "batch_size is 0"),
        ([normal], {"device": "gpu"}, ValueError, "device is 'gpu'"),
        ([normal], {"fit": "x"}, ValueError, "fit is 'x'"),
        ([normal], {"size": None}, TypeError, "size is None"),
        ([normal], {"size": -1}, ValueError, "size must be"),
    ],
)
def test_what_cannot_work_is_refused_at_once(parts, settings, error, message):
    with pytest.raises(error, match=message):
        vw.from_torch(*parts, **{**PLAIN, **settings})


def test_logits_are_named():
    decoder = nn.Sequential(nn.Linear(4, N), nn.Unflatten(1, (3, *SIZE)))
    with torch.no_grad():
        decoder[0].bias += 7
    with pytest.warns(RuntimeWarning, match=r"decoder gives values from .* logits"):
        model = vw.from_torch(normal, decoder, **PLAIN)
    assert isinstance(model, TorchModel)
    with pytest.raises(ValueError, match=r"z has shape \(2, 3\); accepted: \(n, 4\)"):
        model.inverse_transform(np.zeros((2, 3)))
